//! Which handler answers which endpoint of the table.

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, on},
};
use rumormill_api::{
    endpoint::{Endpoint, Method},
    endpoints as table,
};

use super::{Api, archive, files, hub, messages, metrics, nearby, people, rooms, signs};

/// Every endpoint of the table with its handler.
pub(super) fn all() -> Router<Api> {
    Routes(Router::new())
        .at(&table::HEALTH, super::healthz)
        .at(&table::METRICS, metrics::metrics)
        .at(&table::LIST_ROOMS, rooms::list)
        .at(&table::ENTER_ROOM, rooms::enter)
        .at(&table::GET_ROOM, rooms::one)
        .at(&table::LEAVE_ROOM, rooms::leave)
        .at(&table::GET_TICKET, rooms::ticket)
        .at(&table::GET_TICKET_PICTURE, rooms::picture)
        .at(&table::SET_NICK, rooms::nick)
        .at(&table::SET_TOPIC, rooms::topic)
        .at(&table::SET_READ, rooms::read)
        .at(&table::SET_KEEP, rooms::keep)
        .at(&table::SET_ANNOUNCED, nearby::announce)
        .at(&table::LIST_NEARBY, nearby::list)
        .at(&table::LIST_MESSAGES, messages::page)
        .at(&table::SAY, messages::say)
        .at(&table::GET_MESSAGE, messages::one)
        .at(&table::EDIT_MESSAGE, messages::edit)
        .at(&table::RETRACT_MESSAGE, messages::retract)
        .at(&table::REACT, messages::react)
        .at(&table::UNREACT, messages::unreact)
        .at(&table::MARK_UNREAD, rooms::unread)
        .at(&table::LIST_SIGNS, signs::list)
        .at(&table::LIST_HOLDERS, messages::holders)
        .at(&table::LIST_PEOPLE, people::list)
        .at(&table::GET_PERSON, people::one)
        .at(&table::HIDE_PERSON, people::hide)
        .at(&table::SHOW_PERSON, people::show)
        .at(&table::TYPING, people::typing)
        .at(&table::SEND_FILE, files::send)
        .at(&table::GET_FILE, files::get)
        .at(&table::FETCH_FILE, files::fetch)
        .at(&table::GIVE_UP_FILE, files::give_up)
        .at(&table::EXPORT, archive::export)
        .at(&table::IMPORT, archive::import)
        .at(&table::CHECK, archive::check)
        .at(&table::RESYNC, archive::resync)
        .at(&table::EVENTS, hub::events)
        .0
}

struct Routes(Router<Api>);

impl Routes {
    /// Lets `handler` answer where `endpoint` says.
    fn at<Q, A, H, T>(self, endpoint: &Endpoint<Q, A>, handler: H) -> Self
    where
        H: Handler<T, Api>,
        T: 'static,
    {
        let method = match endpoint.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
        };
        Self(self.0.route(endpoint.path, on(method, handler)))
    }
}
