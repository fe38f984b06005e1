//! Which handler answers which endpoint of the table.

use axum::{
    Router, body,
    extract::{DefaultBodyLimit, Path, State, rejection::BytesRejection},
    handler::Handler,
    http::{HeaderMap, StatusCode},
    response::{Response, Sse},
    routing::{MethodFilter, on},
};
use rumormill_api::{
    endpoint::{Bytes, Empty, Endpoint, Events, Json, JsonOrLines, Method, OpenMetrics, Steps, Svg, Text},
    endpoints as table,
};
use tower::util::MapResponseLayer;

use super::{
    Api, Whose, archive,
    asked::{Asked, Body},
    bots, devices, display, events, figures, files, findings, governing, hooks, messages, metrics, nearby, people,
    private, reports, rooms, rules, say, signs,
};
use crate::{
    answer::{Answer, SafeJson},
    limits::{REQUEST_BYTES, RESTORE_BYTES},
};

/// Every endpoint of the table with its handler. A bot is refused those of its owner.
pub(super) fn all(whose: Whose) -> Router<Api> {
    Routes { router: Router::new(), whose }.of_the_home().of_rooms().of_words().router
}

struct Routes {
    router: Router<Api>,
    whose: Whose,
}

impl Routes {
    /// What concerns the node, and the home as a whole.
    fn of_the_home(self) -> Self {
        self.at(&table::HEALTH, super::healthz)
            .at(&table::METRICS, metrics::metrics)
            .at(&table::GET_FIGURES, figures::figures)
            .at(&table::GET_FINDINGS, findings::list)
            .at(&table::LIST_NEARBY, nearby::list)
            .at(&table::LIST_SIGNS, signs::list)
            .at(&table::LIST_HOOKS, hooks::list)
            .at(&table::ADD_HOOK, hooks::add)
            .at(&table::REMOVE_HOOK, hooks::remove)
            .at(&table::POST_BY_HOOK, hooks::post)
            .at(&table::LIST_BOTS, bots::list)
            .at(&table::ADD_BOT, bots::add)
            .at(&table::REMOVE_BOT, bots::remove)
            .at(&table::LIST_REQUESTS, private::requests)
            .at(&table::OPEN_REQUEST, private::open)
            .at(&table::DECLINE_REQUEST, private::decline)
            .at(&table::LIST_DEVICES, devices::list)
            .at(&table::ADD_DEVICE, devices::add)
            .at(&table::LINK_DEVICE, devices::link)
            .at(&table::REVOKE_DEVICE, devices::revoke)
            .at(&table::BACK_UP, devices::backup::make)
            .at(&table::RESTORE, devices::backup::restore)
            .at(&table::EVENTS, events::events)
    }

    /// What concerns a room and the people in it.
    fn of_rooms(self) -> Self {
        self.at(&table::LIST_ROOMS, rooms::list)
            .at(&table::ENTER_ROOM, rooms::enter)
            .at(&table::GET_ROOM, rooms::one)
            .at(&table::LEAVE_ROOM, rooms::leave)
            .at(&table::DROP_HINT, rooms::drop_hint)
            .at(&table::LIST_TICKETS, governing::tickets)
            .at(&table::MAKE_TICKET, governing::make)
            .at(&table::REVOKE_TICKET, governing::revoke)
            .at(&table::ORDER, governing::order)
            .at(&table::FORESEE, governing::foresee)
            .at(&table::SET_RULES, rules::set)
            .at(&table::SET_DISPLAY, display::set)
            .at(&table::GET_TICKET, rooms::ticket)
            .at(&table::GET_TICKET_PICTURE, rooms::ticket_picture)
            .at(&table::SET_NICK, rooms::nick)
            .at(&table::SET_TOPIC, rooms::topic)
            .at(&table::SET_READ, rooms::read)
            .at(&table::SET_ATTENTION, rooms::attention)
            .at(&table::SET_KEEP, rooms::keep)
            .at(&table::SET_ANNOUNCED, nearby::announce)
            .at(&table::LIST_PEOPLE, people::list)
            .at(&table::GET_PERSON, people::one)
            .at(&table::HIDE_PERSON, people::hide)
            .at(&table::SHOW_PERSON, people::show)
            .at(&table::VERIFY_PERSON, people::verify)
            .at(&table::UNVERIFY_PERSON, people::unverify)
            .at(&table::GET_SAFETY_PICTURE, people::safety_picture)
            .at(&table::BEGIN_PRIVATE, private::begin)
            .at(&table::EXPORT, archive::export)
            .at(&table::IMPORT, archive::import)
            .at(&table::CHECK, archive::check)
            .at(&table::RESYNC, archive::resync)
    }

    /// What concerns what is said in a room.
    fn of_words(self) -> Self {
        self.at(&table::LIST_HELD, rules::held)
            .at(&table::MAKE_REPORT, reports::report)
            .at(&table::LIST_REPORTS, reports::list)
            .at(&table::CLOSE_REPORT, reports::close)
            .at(&table::LIST_MESSAGES, messages::page)
            .at(&table::SAY, say::say)
            .at(&table::GET_MESSAGE, messages::one)
            .at(&table::EDIT_MESSAGE, messages::edit)
            .at(&table::RETRACT_MESSAGE, messages::retract)
            .at(&table::REACT, messages::react)
            .at(&table::UNREACT, messages::unreact)
            .at(&table::MARK_UNREAD, rooms::unread)
            .at(&table::LIST_HOLDERS, messages::holders)
            .at(&table::TYPING, people::typing)
            .at(&table::SEND_FILE, files::send)
            .at(&table::GET_FILE, files::get)
            .at(&table::FETCH_FILE, files::fetch)
            .at(&table::GIVE_UP_FILE, files::give_up)
    }

    /// Registers `handler` at the path and with the success status of `endpoint`.
    fn at<Q, A, H, T, P>(self, endpoint: &Endpoint<Q, A>, handler: H) -> Self
    where
        H: Handler<T, Api> + Fits<Q, A, P>,
        T: 'static,
    {
        let method = match endpoint.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Put => MethodFilter::PUT,
            Method::Delete => MethodFilter::DELETE,
        };
        let status = StatusCode::from_u16(endpoint.status).unwrap_or_default();
        let told = move |mut response: Response| {
            if response.status() == StatusCode::OK {
                *response.status_mut() = status;
            }
            response
        };
        let answered = match endpoint.is_owners && self.whose == Whose::Bot {
            true => on(method, bots::owners_only),
            false => on(method, handler).layer(MapResponseLayer::new(told)),
        };
        let most = match endpoint.path {
            path if path == table::RESTORE.path => RESTORE_BYTES,
            _ => REQUEST_BYTES,
        };
        Self { router: self.router.route(endpoint.path, answered.layer(DefaultBodyLimit::max(most))), ..self }
    }
}

/// A handler with the request and answer types of the table: the compiler refuses any other.
trait Fits<Q, A, P> {}

impl<F, R, A> Fits<Empty, A, ()> for F
where
    F: AsyncFn() -> R,
    R: Gives<A>,
{
}

macro_rules! handlers {
    ($([$($first:ident)*] $last:ident;)*) => {$(
        impl<F, R, Q, A, $($first,)* $last> Fits<Q, A, ($($first,)* $last,)> for F
        where
            F: AsyncFn($($first,)* $last) -> R,
            R: Gives<A>,
            $last: Takes<Q>,
        {
        }
    )*};
}

handlers! {
    [] B;
    [C] B;
    [C D] B;
    [C D E] B;
    [C D E G] B;
}

/// The last argument of a handler, by the body of the request.
trait Takes<Q> {}

impl<T> Takes<Empty> for State<T> {}
impl<T> Takes<Empty> for Path<T> {}
impl<T> Takes<Empty> for Asked<T> {}
impl Takes<Empty> for HeaderMap {}
impl<T> Takes<Json<T>> for Body<T> {}
impl<T> Takes<JsonOrLines<T>> for Result<body::Bytes, BytesRejection> {}
impl Takes<Bytes> for body::Body {}

/// The result of a handler, by the body of the answer.
trait Gives<A> {}

impl<A, R: Gives<A>> Gives<A> for Answer<R> {}
impl<T> Gives<Json<T>> for SafeJson<T> {}
impl<T, S> Gives<Events<T>> for Sse<S> {}
impl<T> Gives<Steps<T>> for Response {}
impl Gives<Empty> for () {}
impl Gives<Text> for &str {}
impl Gives<Text> for Response {}
impl Gives<Svg> for Response {}
impl Gives<OpenMetrics> for Response {}
impl Gives<Bytes> for Response {}
