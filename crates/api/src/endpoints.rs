//! The one table of endpoints.

use crate::{
    Announced, Attention, BotMade, Bots, Edit, Enter, Event, Findings, Holders, HookMade, HookPost, Hooks,
    ImportCounts, Keep, Message, Nearby, NewBot, NewHook, Nick, Page, People, Read, Room, Rooms, Say, Signs, Ticket,
    Topic, Whois, Work,
    described::Row,
    endpoint::{
        Bytes, Empty, Endpoint, Events, Figures, Header, IDEMPOTENCY_KEY, Json, JsonOrLines, LAST_EVENT_ID,
        Method::{Delete, Get, Post, Put},
        Query, Steps, Svg, Tag,
        Tag::{
            Archive, Bots as OfBots, Files, Hooks as OfHooks, Messages, People as Persons, Process, Rooms as OfRooms,
        },
        Text, Value,
    },
    examples::{PLACE, REF},
};

/// What makes a call one that is carried out once.
const ONCE: &[Header] = &[Header {
    name: IDEMPOTENCY_KEY,
    example: "answer-to-1a0c39ec.3",
    says: "A key for this call, 1 to 256 bytes of plain text. A repeat with the same key says nothing again and gets the same answer, even after a crash; the home knows the latest 16,384 keys of each room",
}];

/// Names each endpoint, and lists all of them.
macro_rules! table {
    ($($name:ident: $request:ty => $answer:ty = $endpoint:expr;)*) => {
        $(
            #[doc = concat!("See [`ROWS`]: `", stringify!($name), "`.")]
            pub const $name: Endpoint<$request, $answer> = $endpoint;
        )*

        /// All endpoints, as the description lists them.
        pub const ROWS: &[fn() -> Row] = &[$(|| $name.row()),*];
    };
}

table! {
    HEALTH: Empty => Text = Endpoint::new("health", Process, Get, "/healthz", "Tell whether the process lives").open();
    METRICS: Empty => Figures = Endpoint::new("metrics", Process, Get, "/metrics", "Read the figures of all rooms")
        .details("Figures in the text format of OpenMetrics, for Prometheus and its kind.");
    GET_FINDINGS: Empty => Json<Findings> = Endpoint::new("get_findings", Process, Get, "/v1/findings", "Find out what works and what does not")
        .details("Looks at the network, the clocks of peers and the rooms, which takes some seconds where something does not work.");

    LIST_ROOMS: Empty => Json<Rooms> = Endpoint::new("list_rooms", OfRooms, Get, "/v1/rooms", "List your rooms");
    ENTER_ROOM: Json<Enter> => Json<Room> = Endpoint::new("enter_room", OfRooms, Post, "/v1/rooms", "Found a room, or join one")
        .details("A name founds a room, a ticket joins one. Joining a room that you are in already changes nothing.")
        .status(201);
    GET_ROOM: Empty => Json<Room> = Endpoint::new("get_room", OfRooms, Get, "/v1/rooms/{room}", "Tell how a room stands");
    LEAVE_ROOM: Empty => Empty = Endpoint::new("leave_room", OfRooms, Delete, "/v1/rooms/{room}", "Leave a room")
        .details("The home takes part no more and keeps nothing of the room. What you said stays with those who have it.")
        .status(204);
    GET_TICKET: Empty => Json<Ticket> = Endpoint::new("get_ticket", OfRooms, Get, "/v1/rooms/{room}/ticket", "Get the ticket that lets others in");
    GET_TICKET_PICTURE: Empty => Svg = Endpoint::new("get_ticket_picture", OfRooms, Get, "/v1/rooms/{room}/ticket.svg", "Get the ticket as a QR code");
    SET_NICK: Json<Nick> => Json<Room> = Endpoint::new("set_nick", OfRooms, Put, "/v1/rooms/{room}/nick", "Choose the name that others see you by").paced();
    SET_TOPIC: Json<Topic> => Json<Room> = Endpoint::new("set_topic", OfRooms, Put, "/v1/rooms/{room}/topic", "Set the topic").paced();
    SET_READ: Json<Read> => Json<Room> = Endpoint::new("set_read", OfRooms, Put, "/v1/rooms/{room}/read", "Move the read marker")
        .details("The marker moves forward only; a place before it changes nothing. `mark_unread` moves it back.");
    SET_ATTENTION: Json<Attention> => Json<Room> = Endpoint::new("set_attention", OfRooms, Put, "/v1/rooms/{room}/attention", "Mute or pin a room")
        .details("For you alone, in every window: a muted room neither rings nor notifies, pinned ones are listed first. What is absent stays as it is.");
    SET_KEEP: Json<Keep> => Json<Room> = Endpoint::new("set_keep", OfRooms, Put, "/v1/rooms/{room}/keep", "Set how much of a room is kept")
        .details("This home alone keeps less; others keep what they choose.");
    SET_ANNOUNCED: Json<Announced> => Json<Room> = Endpoint::new("set_announced", OfRooms, Put, "/v1/rooms/{room}/announced", "Announce a room on the LAN, or stop")
        .details("Whoever asks on the LAN is told of an announced room by name, and let in.");
    LIST_NEARBY: Empty => Json<Nearby> = Endpoint::new("list_nearby", OfRooms, Get, "/v1/nearby", "List the rooms that are announced on the LAN")
        .queries(&[
            Query::new("name", Value::Text("lunch"), "Only rooms of this name; answered as soon as one is found"),
            Query::new("wait_ms", Value::Number(0, 3000), "How long to look, in milliseconds"),
        ]);

    LIST_MESSAGES: Empty => Json<Page> = Endpoint::new("list_messages", Messages, Get, "/v1/rooms/{room}/messages", "Read a page of the timeline, or search it")
        .details("Without `before`, `after` and `q` the newest messages are answered. At most one of the three may be given.")
        .queries(&[
            Query::new("before", Value::Text(PLACE), "The messages before this place"),
            Query::new("after", Value::Text(PLACE), "The messages after this place"),
            Query::new("q", Value::Text("pizza from:ann since:2026-05-01 until:7d"), "The messages with these words, newest first; of one person, from a day on, up to a day or so long ago"),
            Query::new("limit", Value::Number(1, 50), "At most so many"),
        ]);
    SAY: JsonOrLines<Say> => Json<Page> = Endpoint::new("say", Messages, Post, "/v1/rooms/{room}/messages", "Say something")
        .details("JSON is one message. Plain text is a message for each line. The messages are on disk when they are answered. `@name` anywhere in a text, and `name:` or `name,` at its beginning, mention that person.")
        .headers(ONCE)
        .status(201)
        .paced();
    GET_MESSAGE: Empty => Json<Message> = Endpoint::new("get_message", Messages, Get, "/v1/rooms/{room}/messages/{ref}", "Read one message");
    EDIT_MESSAGE: Json<Edit> => Json<Message> = Endpoint::new("edit_message", Messages, Put, "/v1/rooms/{room}/messages/{ref}", "Change what one of your messages says").paced();
    RETRACT_MESSAGE: Empty => Json<Message> = Endpoint::new("retract_message", Messages, Delete, "/v1/rooms/{room}/messages/{ref}", "Take one of your messages back")
        .details("Its text is deleted here and at everybody who hears of it. Who wanted to keep it has kept it.")
        .paced();
    REACT: Empty => Json<Message> = Endpoint::new("react", Messages, Put, "/v1/rooms/{room}/messages/{ref}/reactions/{sign}", "Set a sign under a message").paced();
    UNREACT: Empty => Json<Message> = Endpoint::new("unreact", Messages, Delete, "/v1/rooms/{room}/messages/{ref}/reactions/{sign}", "Take a sign back").paced();
    MARK_UNREAD: Empty => Json<Room> = Endpoint::new("mark_unread", Messages, Put, "/v1/rooms/{room}/messages/{ref}/unread", "Move the read marker back before a message");
    LIST_SIGNS: Empty => Json<Signs> = Endpoint::new("list_signs", Messages, Get, "/v1/signs", "Find emoji by name")
        .queries(&[
            Query::new("q", Value::Text("party"), "The beginning of words of the name"),
            Query::new("limit", Value::Number(1, 50), "At most so many"),
        ]);
    LIST_HOLDERS: Empty => Json<Holders> = Endpoint::new("list_holders", Messages, Get, "/v1/rooms/{room}/messages/{ref}/holders", "List who has a message");

    LIST_PEOPLE: Empty => Json<People> = Endpoint::new("list_people", Persons, Get, "/v1/rooms/{room}/people", "List the people of a room");
    GET_PERSON: Empty => Json<Whois> = Endpoint::new("get_person", Persons, Get, "/v1/rooms/{room}/people/{author}", "Tell who somebody is");
    HIDE_PERSON: Empty => Json<People> = Endpoint::new("hide_person", Persons, Put, "/v1/rooms/{room}/hidden/{author}", "Hide a person")
        .details("You are shown nothing that they say, and it raises no notice. Nobody else learns of it.");
    SHOW_PERSON: Empty => Json<People> = Endpoint::new("show_person", Persons, Delete, "/v1/rooms/{room}/hidden/{author}", "Show a person again");
    TYPING: Empty => Empty = Endpoint::new("typing", Persons, Post, "/v1/rooms/{room}/typing", "Tell others that you are typing")
        .details("Told to those who are connected, at most once in three seconds however often it is asked, and not at all where the configuration says `typing = false`.")
        .status(204);

    SEND_FILE: Bytes => Json<Page> = Endpoint::new("send_file", Files, Post, "/v1/rooms/{room}/files", "Offer a file")
        .details("The body is the file, however long it is.")
        .queries(&[
            Query::new("name", Value::Text("menu.pdf"), "The file's name").needed(),
            Query::new("reply_to", Value::Text(REF), "The message that it answers"),
        ])
        .headers(ONCE)
        .status(201)
        .paced();
    GET_FILE: Empty => Bytes = Endpoint::new("get_file", Files, Get, "/v1/rooms/{room}/files/{ref}", "Read the file that a message offers")
        .details("A file that is not here is asked for, and sent while it arrives. A `Range` header with one range is answered with 206.");
    FETCH_FILE: Empty => Json<Message> = Endpoint::new("fetch_file", Files, Post, "/v1/rooms/{room}/files/{ref}", "Ask for the file that a message offers")
        .details("Events tell how much of it has arrived.")
        .status(202);
    GIVE_UP_FILE: Empty => Json<Message> = Endpoint::new("give_up_file", Files, Delete, "/v1/rooms/{room}/files/{ref}", "Stop asking for a file");

    LIST_HOOKS: Empty => Json<Hooks> = Endpoint::new("list_hooks", OfHooks, Get, "/v1/hooks", "List the webhooks of this home").owners();
    ADD_HOOK: Json<NewHook> => Json<HookMade> = Endpoint::new("add_hook", OfHooks, Post, "/v1/rooms/{room}/hooks", "Make a webhook")
        .details("Without `to`, other programs post into the room at the `path` that is answered. With `to`, each message of the room that is said from now on and fits goes to that URL as JSON, at least once: `id` is the same when one is repeated. `X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the body under the secret, in hexadecimal. What the receiver does not take with a status of 2xx is sent again after growing pauses, and given up in the end; redirects are not followed. What webhooks post is not sent.")
        .status(201)
        .owners();
    REMOVE_HOOK: Empty => Empty = Endpoint::new("remove_hook", OfHooks, Delete, "/v1/hooks/{hook}", "Remove a webhook")
        .status(204)
        .owners();
    POST_BY_HOOK: JsonOrLines<HookPost> => Text = Endpoint::new("post_by_hook", OfHooks, Post, "/v1/hooks/{hook}/{secret}", "Post into a room by a webhook")
        .details("Needs no token, for the secret is in the path. The body is JSON with a `text`, or a form with such JSON as `payload`, as for Slack; any other body is the text itself. It is one message, which everybody sees under the name of the hook as brought by you.")
        .paced()
        .open();

    LIST_BOTS: Empty => Json<Bots> = Endpoint::new("list_bots", OfBots, Get, "/v1/bots", "List the bots of this home").owners();
    ADD_BOT: Json<NewBot> => Json<BotMade> = Endpoint::new("add_bot", OfBots, Post, "/v1/bots", "Make a bot")
        .details("A bot is a member of its own: it has an author, a nick, rooms and a read marker, and a home within this one. A request that carries its `token` as `Authorization: Bearer`, over the socket or over loopback, is answered as the bot's home answers: it reaches the rooms of the bot, and nothing of its owner's.")
        .status(201)
        .owners();
    REMOVE_BOT: Empty => Empty = Endpoint::new("remove_bot", OfBots, Delete, "/v1/bots/{bot}", "Remove a bot")
        .details("Its token ends, and its home is deleted. What it said stays with those who have it.")
        .status(204)
        .owners();

    EXPORT: Empty => Text = Endpoint::new("export_room", Archive, Get, "/v1/rooms/{room}/export", "Export a room")
        .details("`jsonl` can be imported again and still verifies; `text` and `markdown` are for reading.")
        .queries(&[
            Query::new("format", Value::OneOf(&["jsonl", "text", "markdown"]), "The form of the export"),
            Query::new("since_ms", Value::Number(0, 1_700_000_000_000), "Only what was said since, in milliseconds since the Unix epoch"),
        ]);
    IMPORT: Bytes => Json<ImportCounts> = Endpoint::new("import_room", Archive, Post, "/v1/rooms/{room}/import", "Import an export")
        .details("An export as JSON lines, or lines that tell what was said in another system: `{\"is\": \"said\", \"source\": \"irssi\", \"name\": \"alice\", \"time_ms\": 1551535320000, \"text\": \"hi\"}`.");
    CHECK: Empty => Steps<Work> = Endpoint::new("check_room", Archive, Get, "/v1/rooms/{room}/check", "Verify every hash and signature on disk")
        .details("A line of JSON for each step; the report comes last.");
    RESYNC: Empty => Steps<Work> = Endpoint::new("resync_room", Archive, Post, "/v1/rooms/{room}/resync", "Take out what is damaged and fetch it again")
        .details("A line of JSON for each step; the result comes last.");

    EVENTS: Empty => Events<Event> = Endpoint::new("events", Tag::Events, Get, "/v1/events", "Follow what happens")
        .details("How each room stands, then each event as it happens: its name as `event:`, its content as `data:`, and as `id:` the place to come back to. A reader that comes back after a break sends the last `id:` as `Last-Event-ID` and hears first what it missed, each event once. Where that is not known any more, because the break was long, the reader too slow or the process started anew, it hears `lagged` instead: it catches up by reading the messages `after` the last place that it knows.")
        .queries(&[Query::new("room", Value::Text("lunch"), "Only of this room")])
        .headers(&[Header { name: LAST_EVENT_ID, example: "5f0c2a9be1d34478.17", says: "The last `id:` that was read, to go on after it" }]);
}
