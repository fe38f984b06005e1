//! The OpenAPI description of one endpoint.

use serde_json::Value as Any;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Content, ContentBuilder, HeaderBuilder, Object, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder,
        Responses, ResponsesBuilder, Schema,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{SchemaType, Type},
        security::SecurityRequirement,
    },
};

use crate::{
    Refusal,
    endpoint::{
        Bytes, Empty, Endpoint, Events, Example, Header, IDEMPOTENCY_KEY, Json, JsonOrLines, Method, OpenMetrics,
        Query, Steps, Svg, Tag, Text, Value,
    },
    examples::REF,
};

/// Schemas by name.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// The description of an endpoint.
pub struct Row {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) operation: Operation,
    pub(crate) schemas: Schemas,
}

/// A body that the description can describe.
pub trait Described {
    /// Each media type with its content; none for an empty body.
    fn contents() -> Vec<(&'static str, Content)>;

    /// The schemas that the contents refer to.
    fn schemas(into: &mut Schemas);
}

impl Tag {
    /// The group's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tag::Rooms => "rooms",
            Tag::Messages => "messages",
            Tag::People => "people",
            Tag::Files => "files",
            Tag::Hooks => "hooks",
            Tag::Bots => "bots",
            Tag::Devices => "devices",
            Tag::Archive => "archive",
            Tag::Events => "events",
            Tag::Process => "process",
        }
    }
}

impl<Q: Described, A: Described> Endpoint<Q, A> {
    /// The description of the endpoint.
    pub fn row(&self) -> Row {
        let mut schemas = Schemas::new();
        Q::schemas(&mut schemas);
        A::schemas(&mut schemas);
        let path_parameters = self.path.split('/').filter_map(|piece| piece.strip_prefix('{')?.strip_suffix('}'));
        let parameters: Vec<Parameter> = path_parameters
            .map(in_path)
            .chain(self.queries.iter().map(Query::parameter))
            .chain(self.headers.iter().map(Header::parameter))
            .collect();
        let mut operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag.name())
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
            202 => "It has begun",
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
        let mut responses = ResponsesBuilder::new().response(self.status.to_string(), success);
        if self.is_paced {
            let seconds = HeaderBuilder::new()
                .schema(Some(Object::with_type(SchemaType::Type(Type::Integer))))
                .description(Some("Seconds to wait before the request is repeated"))
                .build();
            let says = "Too fast: nothing was done. Wait as long as `Retry-After` says, and repeat the request";
            responses = responses.response("429", refusal(says).header("Retry-After", seconds));
        }
        if self.is_owners {
            responses = responses
                .response("403", refusal("The request came from a bot, and only the owner of the home may send it"));
        }
        if self.headers.iter().any(|header| header.name == IDEMPOTENCY_KEY) {
            let says = "The earlier request with this `Idempotency-Key` is not on disk yet: repeat it in a second";
            responses = responses.response("409", refusal(says));
            let says = "Another request had this `Idempotency-Key`, or the body is invalid";
            responses = responses.response("422", refusal(says));
        }
        responses
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

impl Header {
    fn parameter(&self) -> Parameter {
        ParameterBuilder::new()
            .name(self.name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(self.says))
            .schema(Some(Object::with_type(SchemaType::Type(Type::String))))
            .example(Some(Any::from(self.example)))
            .build()
    }
}

/// A path parameter, described alike everywhere.
fn in_path(name: &str) -> Parameter {
    let (says, example) = match name {
        "room" => ("The room: its id, the beginning of its id, or its name", "lunch"),
        "ref" => ("The message: its `ref`", REF),
        "hook" => ("The webhook: its `id`", "q3xk7ab2"),
        "bot" => ("The bot: its `name`", "ci"),
        "secret" => ("The secret that was shown when the webhook was made", "k2v5zq7w3hd4x6ybnm2a5sft7gjr4pce"),
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
pub(crate) fn named<T: ToSchema>(into: &mut Schemas) {
    into.push((T::name().into_owned(), T::schema()));
    T::schemas(into);
}

/// JSON of a type, with its example.
fn json<T: Example>() -> Content {
    with_example(Content::new(Some(Ref::from_schema_name(T::name()))), serde_json::to_value(T::example()).ok())
}

/// Plain text, with an example.
fn text(example: &str) -> Content {
    with_example(Content::new(Some(Object::with_type(SchemaType::Type(Type::String)))), Some(Any::from(example)))
}

/// Bodies that contain JSON.
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
    OpenMetrics: vec![("application/openmetrics-text", text("# EOF\n"))];
    Bytes: vec![("application/octet-stream", Content::new(Some(Vec::<u8>::schema())))];
    Empty: Vec::new();
}
