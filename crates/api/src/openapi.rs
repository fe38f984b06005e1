//! The description of the API as OpenAPI 3.1, made from the table of endpoints.

use std::collections::BTreeMap;

use serde_json::Value as Any;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ComponentsBuilder, Content, ContentBuilder, HttpMethod, Info, InfoBuilder, License, Object, ObjectBuilder,
        OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required, ResponseBuilder, Responses, ResponsesBuilder,
        Schema, Server, ServerBuilder,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem},
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{SchemaType, Type},
        security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
        tag::{Tag as Group, TagBuilder},
    },
};

use crate::{
    Refusal,
    endpoint::{
        Bytes, Empty, Endpoint, Events, Example, Figures, Json, JsonOrLines, Method, Query, Steps, Svg, Tag, Text,
        Value,
    },
    endpoints::{REF, ROWS},
};

/// Schemas by name.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// An endpoint as the description has it.
pub struct Row {
    method: Method,
    path: &'static str,
    operation: Operation,
    schemas: Schemas,
}

/// A body, as the description has it.
pub trait Described {
    /// Each media type with its content; none for an empty body.
    fn contents() -> Vec<(&'static str, Content)>;

    /// The schemas that the contents refer to.
    fn schemas(into: &mut Schemas);
}

/// The whole description.
pub fn describe() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut items: BTreeMap<&str, PathItem> = BTreeMap::new();
    let mut schemas = Schemas::new();
    named::<Refusal>(&mut schemas);
    for row in ROWS.iter().map(|row| row()) {
        schemas.extend(row.schemas);
        items.entry(row.path).or_default().merge_operations(PathItem::new(method(row.method), row.operation));
    }
    for (path, item) in items {
        paths = paths.path(path, item);
    }
    let bearer = SecurityScheme::Http(
        Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "The token in the home (`rumormill paths` prints where). The socket in the home asks for none.",
            ))
            .build(),
    );
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme(BEARER, bearer).build();
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([server()]))
        .paths(paths)
        .components(Some(components))
        .security(Some([SecurityRequirement::new(BEARER, [""; 0])]))
        .tags(Some(TAGS.map(|(tag, says)| group(tag, says))))
        .build()
}

/// The name of the one way to be let in.
const BEARER: &str = "token";

const TAGS: [(Tag, &str); 7] = [
    (Tag::Rooms, "Rooms, and what you set in them"),
    (Tag::Messages, "What is said"),
    (Tag::People, "Who takes part"),
    (Tag::Files, "Files that messages offer"),
    (Tag::Archive, "Exports, imports and repairs"),
    (Tag::Events, "What happens, as it happens"),
    (Tag::Process, "How the process is"),
];

fn info() -> Info {
    let description = "Chat rooms without a server: what is said, by whom, and who has it.\n\n\
        The process that has a home open answers on the socket in that home, which only its owner can open, and under \
        `rumormill serve` also over loopback TCP, where each request carries `Authorization: Bearer` and the token in the \
        home, or one of its own: `POST /session` with `{\"code\": …}` gives `{\"token\": …}` for the code in the link that \
        `rumormill serve` prints, once, and `DELETE /session` gives it back.\n\n\
        Within `/v1`, endpoints, optional fields, kinds of events and codes of refusals may be added; what exists keeps its \
        name, type and meaning. Pass over what you do not know. The end of something would be announced in the changelog, \
        one version ahead.";
    InfoBuilder::new()
        .title("Rumormill")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .license(Some(License::builder().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build()
}

fn server() -> Server {
    ServerBuilder::new()
        .url("http://127.0.0.1:7667")
        .description(Some("Where `rumormill serve` listens unless told otherwise"))
        .build()
}

fn group(tag: Tag, says: &str) -> Group {
    TagBuilder::new().name(name(tag)).description(Some(says)).build()
}

fn name(tag: Tag) -> &'static str {
    match tag {
        Tag::Rooms => "rooms",
        Tag::Messages => "messages",
        Tag::People => "people",
        Tag::Files => "files",
        Tag::Archive => "archive",
        Tag::Events => "events",
        Tag::Process => "process",
    }
}

fn method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Delete => HttpMethod::Delete,
    }
}

impl<Q: Described, A: Described> Endpoint<Q, A> {
    /// The endpoint as the description has it.
    pub fn row(&self) -> Row {
        let mut schemas = Schemas::new();
        Q::schemas(&mut schemas);
        A::schemas(&mut schemas);
        let path_parameters = self.path.split('/').filter_map(|piece| piece.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<Parameter> =
            path_parameters.map(in_path).chain(self.queries.iter().map(Query::parameter)).collect();
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(name(self.tag))
            .summary(Some(self.summary))
            .parameters(Some(parameters))
            .request_body(request::<Q>())
            .responses(self.responses());
        if !self.details.is_empty() {
            operation = operation.description(Some(self.details));
        }
        if self.is_open {
            operation = operation.security(SecurityRequirement::default());
        }
        Row { method: self.method, path: self.path, operation: operation.build(), schemas }
    }

    fn responses(&self) -> Responses {
        let said = match self.status {
            201 => "It is done, and on disk",
            202 => "It is begun",
            204 => "It is done",
            _ => "The answer",
        };
        let mut success = ResponseBuilder::new().description(said);
        for (media, content) in A::contents() {
            success = success.content(media, content);
        }
        let refusal = |says: &str| {
            let content = Content::new(Some(Ref::from_schema_name(Refusal::name())));
            let example = serde_json::to_value(Refusal::example()).ok();
            ResponseBuilder::new().description(says).content("application/json", with_example(content, example))
        };
        ResponsesBuilder::new()
            .response(self.status.to_string(), success)
            .response("4XX", refusal("The request cannot be carried out as it is; `help` says what to change"))
            .response("5XX", refusal("The process cannot carry it out now; `help` says what to do"))
            .build()
    }
}

impl Query {
    fn parameter(&self) -> Parameter {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let (schema, example) = match self.value {
            Value::Text(example) => (text(), Any::from(example)),
            Value::Number(least, example) => {
                let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least));
                (number, Any::from(example))
            }
            Value::OneOf(words) => (text().enum_values(Some(words.iter().copied())), Any::from(words[0])),
        };
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(ParameterIn::Query)
            .required(if self.needed { Required::True } else { Required::False })
            .description(Some(self.says))
            .schema(Some(schema.build()))
            .example(Some(example))
            .build()
    }
}

/// A parameter in a path: the same everywhere.
fn in_path(name: &str) -> Parameter {
    let (says, example) = match name {
        "room" => ("The room: its id, the beginning of its id, or its name", "lunch"),
        "ref" => ("The message: its `ref`", REF),
        "author" => ("The author: the id, the name that is shown, or the beginning of the id", &REF[..64]),
        _ => ("The sign, mostly an emoji", "👍"),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(says))
        .schema(Some(Object::with_type(SchemaType::Type(Type::String))))
        .example(Some(Any::from(example)))
        .build()
}

fn request<Q: Described>() -> Option<RequestBody> {
    let contents = Q::contents();
    if contents.is_empty() {
        return None;
    }
    let mut body = RequestBodyBuilder::new().required(Some(Required::True));
    for (media, content) in contents {
        body = body.content(media, content);
    }
    Some(body.build())
}

fn with_example(content: Content, example: Option<Any>) -> Content {
    ContentBuilder::from(content).example(example).build()
}

/// Adds a type's schema, and those it refers to.
fn named<T: ToSchema>(into: &mut Schemas) {
    into.push((T::name().into_owned(), T::schema()));
    T::schemas(into);
}

/// JSON of a type, with its example.
fn json<T: Example>() -> Content {
    with_example(Content::new(Some(Ref::from_schema_name(T::name()))), serde_json::to_value(T::example()).ok())
}

/// Text, like this.
fn text(example: &str) -> Content {
    with_example(Content::new(Some(Object::with_type(SchemaType::Type(Type::String)))), Some(Any::from(example)))
}

/// Bodies that have JSON in them.
macro_rules! holding_json {
    ($($name:ident: $contents:expr;)*) => {$(
        impl<T: Example> Described for $name<T> {
            fn contents() -> Vec<(&'static str, Content)> {
                $contents
            }

            fn schemas(into: &mut Schemas) {
                named::<T>(into);
            }
        }
    )*};
}

holding_json! {
    Json: vec![("application/json", json::<T>())];
    Steps: vec![("application/x-ndjson", json::<T>())];
    Events: vec![("text/event-stream", json::<T>())];
    JsonOrLines: vec![("application/json", json::<T>()), ("text/plain", text("the build is green\n"))];
}

/// Bodies that are not JSON.
macro_rules! plain {
    ($($name:ident: $contents:expr;)*) => {$(
        impl Described for $name {
            fn contents() -> Vec<(&'static str, Content)> {
                $contents
            }

            fn schemas(_: &mut Schemas) {}
        }
    )*};
}

plain! {
    Text: vec![("text/plain", text("ok"))];
    Svg: vec![("image/svg+xml", text("<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"))];
    Figures: vec![("application/openmetrics-text", text("# EOF\n"))];
    Bytes: vec![("application/octet-stream", Content::new(Some(Vec::<u8>::schema())))];
    Empty: Vec::new();
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// Every operation of the description as JSON, with its method and path.
    fn operations() -> Vec<(String, Value)> {
        let described = serde_json::to_value(describe()).unwrap();
        let paths = described["paths"].as_object().unwrap().clone();
        let methods = |(path, item): (String, Value)| {
            let item = item.as_object().unwrap().clone();
            item.into_iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        };
        paths.into_iter().flat_map(methods).collect()
    }

    #[test]
    fn every_row_is_an_operation_with_a_name_of_its_own() {
        let operations = operations();
        assert_eq!(operations.len(), ROWS.len());
        let names: BTreeSet<&str> = operations.iter().map(|(_, one)| one["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.len(), ROWS.len());
    }

    #[test]
    fn every_body_and_parameter_has_an_example() {
        for (at, operation) in operations() {
            for parameter in operation["parameters"].as_array().unwrap() {
                assert!(!parameter["example"].is_null(), "{at}: {parameter}");
            }
            let answers = operation["responses"].as_object().unwrap().values();
            for body in answers.chain(operation.get("requestBody")) {
                for (media, content) in body["content"].as_object().into_iter().flatten() {
                    assert!(media == "application/octet-stream" || !content["example"].is_null(), "{at}: {media}");
                }
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let described = serde_json::to_value(describe()).unwrap();
        let schemas = described["components"]["schemas"].as_object().unwrap();
        let text = described.to_string();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
