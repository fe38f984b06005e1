//! The description of the API as OpenAPI 3.1, generated from the tables of endpoints and refusals.

use std::collections::BTreeMap;

pub use utoipa::openapi::OpenApi;
use utoipa::openapi::{
    ComponentsBuilder, ExternalDocs, HttpMethod, Info, InfoBuilder, License, OpenApiBuilder, PathsBuilder, Server,
    ServerBuilder,
    external_docs::ExternalDocsBuilder,
    path::PathItem,
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
    tag::{Tag as Group, TagBuilder},
};

use crate::{
    Code, Refusal, codes,
    described::{Schemas, named},
    endpoint::{Method, Tag},
    endpoints::ROWS,
};

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
                "The token in the home (`rumormill paths` prints where), or that of a bot. The socket in the home asks the owner for none.",
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
        .external_docs(Some(guide()))
        .build()
}

/// The name of the authentication scheme.
const BEARER: &str = "token";

const TAGS: [(Tag, &str); 10] = [
    (Tag::Rooms, "Rooms and their settings"),
    (Tag::Messages, "Messages"),
    (Tag::People, "People"),
    (Tag::Files, "Files that messages offer"),
    (Tag::Hooks, "Webhooks, in both directions"),
    (Tag::Bots, "Members of their own for your programs"),
    (Tag::Devices, "Machines of yours, which are one person in closed rooms"),
    (Tag::Archive, "Exports, imports and repairs"),
    (Tag::Events, "Events as they happen"),
    (Tag::Process, "The state of the process"),
];

fn info() -> Info {
    let description = "Chat rooms without a server: messages, people, and who has which message.\n\n\
        The process that has a home open answers on the socket in that home, which only its owner can open, and under \
        `rumormill serve` also over loopback TCP, where each request carries `Authorization: Bearer` and the token in the \
        home, or one of its own: `POST /session` with `{\"code\": …}` gives `{\"token\": …}` for the code in the link that \
        `rumormill serve` prints, once, and `DELETE /session` gives it back. A bot's token works at both; its requests act as the bot.\n\n\
        A program that follows events resumes after a break with `Last-Event-ID`; an event `lagged` tells it to read the messages \
        `after` the last place that it knows. A message with an `Idempotency-Key` is sent once, even if a process is killed \
        meanwhile. A request that is too fast for a room is answered with 429 and `Retry-After`.\n\n\
        Within `/v1`, endpoints, optional fields, kinds of events and codes of refusals may be added; the rest keeps its \
        name, type and meaning. Ignore what you do not know. Removals are announced two releases ahead: in the \
        changelog, as `deprecated` here, and by the headers `Deprecation` and `Sunset` of its answers.";
    let refusals = codes::ALL.iter().map(|Code { word, status, says }| format!("| `{word}` | {status} | {says} |\n"));
    let description = format!(
        "{description}\n\n# Refusals\n\nThe `code` of a refusal tells a program what happened. A code that is not listed is a fault of \
         the process, with status 500.\n\n| code | status | meaning |\n|---|---|---|\n{}",
        refusals.collect::<String>()
    );
    InfoBuilder::new()
        .title("Rumormill")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .license(Some(License::builder().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build()))
        .build()
}

/// The page with further documentation.
fn guide() -> ExternalDocs {
    let url = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/api.md");
    ExternalDocsBuilder::new()
        .url(url)
        .description(Some("How to catch up, send a message once, keep the pace, and what may change"))
        .build()
}

fn server() -> Server {
    ServerBuilder::new()
        .url("http://127.0.0.1:7667")
        .description(Some("The default address of `rumormill serve`"))
        .build()
}

fn group(tag: Tag, says: &str) -> Group {
    TagBuilder::new().name(tag.name()).description(Some(says)).build()
}

fn method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Delete => HttpMethod::Delete,
    }
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
    fn every_operation_has_a_described_tag() {
        let described = serde_json::to_value(describe()).unwrap();
        let tags: Vec<&Value> = described["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert!(!described["security"].is_null() && !described["servers"].is_null());
        for (at, operation) in operations() {
            assert!(operation["tags"].as_array().unwrap().iter().all(|tag| tags.contains(&tag)), "{at}");
        }
        let said = &described["paths"]["/v1/rooms/{room}/messages"]["post"];
        assert!(said["responses"]["429"]["headers"]["Retry-After"].is_object(), "{said}");
        assert!(["409", "422"].iter().all(|status| said["responses"][*status].is_object()), "{said}");
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
