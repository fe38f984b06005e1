//! The one table of endpoints.

use crate::{
    Announced, Attention, BackedUp, BotMade, Bots, ChangeDisplay, ChangeRules, Devices, Edit, Enter, Event, Figures,
    Findings, Foreseen, Holders, HookMade, HookPost, Hooks, ImportCounts, Keep, LinkDevice, Linked, Linking, Message,
    Nearby, NewBackup, NewBot, NewDevice, NewHook, NewPrivate, NewReport, NewTicket, Nick, Order, Ordered, Page,
    People, Read, ReportMade, Reports, Requests, Restore, Room, Rooms, Say, Signs, Ticket, Tickets, Topic, Whois, Work,
    described::Row,
    endpoint::{
        Bytes, Empty, Endpoint, Events, Header, IDEMPOTENCY_KEY, Json, JsonOrLines, LAST_EVENT_ID,
        Method::{Delete, Get, Post, Put},
        OpenMetrics, Query, Steps, Svg, Tag,
        Tag::{
            Archive, Bots as OfBots, Devices as OfDevices, Files, Hooks as OfHooks, Messages, People as Persons,
            Process, Rooms as OfRooms,
        },
        Text, Value,
    },
    examples::{PLACE, REF},
};

/// The header with which a request is carried out once.
const ONCE: &[Header] = &[Header {
    name: IDEMPOTENCY_KEY,
    example: "answer-to-1a0c39ec.3",
    says: "A key for this request, 1 to 256 bytes of plain text. A repeat with the same key sends nothing again and gets the same answer, even after a crash; the home remembers the latest 16,384 keys of each room",
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
    HEALTH: Empty => Text = Endpoint::new("health", Process, Get, "/healthz", "Check that the process is alive").open();
    METRICS: Empty => OpenMetrics = Endpoint::new("metrics", Process, Get, "/metrics", "Get the metrics of the process and of all rooms")
        .details("The text format of OpenMetrics, for Prometheus and similar programs. Needs no token if the configuration says `metrics = \"open\"`.");
    GET_FIGURES: Empty => Json<Figures> = Endpoint::new("get_figures", Process, Get, "/v1/figures", "Get what the process has done, and what waits in it");
    GET_FINDINGS: Empty => Json<Findings> = Endpoint::new("get_findings", Process, Get, "/v1/findings", "Test what works and what does not")
        .details("Tests the network, the clocks of peers and the rooms. Takes some seconds when something does not work.");

    LIST_ROOMS: Empty => Json<Rooms> = Endpoint::new("list_rooms", OfRooms, Get, "/v1/rooms", "List your rooms");
    ENTER_ROOM: Json<Enter> => Json<Room> = Endpoint::new("enter_room", OfRooms, Post, "/v1/rooms", "Found a room, or join one")
        .details("A name founds a room, a ticket joins one. A founded room is closed unless `open` is true: in a closed room nobody can speak before a member has let them in, `standing` says where you stand, and people and tickets can be taken out again. Joining a room that you are in already changes nothing.")
        .status(201);
    GET_ROOM: Empty => Json<Room> = Endpoint::new("get_room", OfRooms, Get, "/v1/rooms/{room}", "Get the state of a room");
    LEAVE_ROOM: Empty => Empty = Endpoint::new("leave_room", OfRooms, Delete, "/v1/rooms/{room}", "Leave a room")
        .details("The home no longer takes part and deletes everything of the room. Your messages stay with the people who have them.")
        .status(204);
    DROP_HINT: Empty => Empty = Endpoint::new("drop_hint", OfRooms, Delete, "/v1/rooms/{room}/hint", "Say that the hint of a room was told")
        .details("A room has it in `hint` until an interface says that a person has read it. The founder of an open room from before version 0.2 is told that way that it can be closed.")
        .status(204);
    LIST_TICKETS: Empty => Json<Tickets> = Endpoint::new("list_tickets", OfRooms, Get, "/v1/rooms/{room}/tickets", "List the tickets of a closed room");
    MAKE_TICKET: Json<NewTicket> => Json<Ticket> = Endpoint::new("make_ticket", OfRooms, Post, "/v1/rooms/{room}/tickets", "Make a ticket of a closed room")
        .status(201)
        .paced();
    REVOKE_TICKET: Empty => Empty = Endpoint::new("revoke_ticket", OfRooms, Delete, "/v1/rooms/{room}/tickets/{ticket}", "End a ticket of a closed room")
        .details("The beginning of its id is enough. People who came by it stay, if a governor ends it.")
        .status(204)
        .paced();
    ORDER: Json<Order> => Json<Ordered> = Endpoint::new("order", OfRooms, Post, "/v1/rooms/{room}/orders", "Do something in a closed room")
        .details("What a person may do follows from their role. An order against somebody of the same or a higher rank is refused.")
        .status(201)
        .paced();
    SET_RULES: Json<ChangeRules> => Json<Room> = Endpoint::new("set_rules", OfRooms, Put, "/v1/rooms/{room}/rules", "Change the rules of a closed room")
        .details("Only the owner and co-owners may. Every node applies the rules alike, to what is said from then on.")
        .paced();
    SET_DISPLAY: Json<ChangeDisplay> => Json<Room> = Endpoint::new("set_display", OfRooms, Put, "/v1/rooms/{room}/display", "Change what you hold back in an open room")
        .details("It is for you alone, where in a closed room the rules hold for everybody: nobody else learns of it, and nothing that is stored or passed on changes. What is held back has `hidden` and `folded`, and is not counted as unread.");
    LIST_HELD: Empty => Json<Page> = Endpoint::new("list_held", OfRooms, Get, "/v1/rooms/{room}/held", "List the newest messages of newcomers that the rules of a closed room hold, or that you hold back in an open one")
        .details("The order `let-through` shows everything that their author says. Any member whose own words are not held may do it.");
    MAKE_REPORT: Json<NewReport> => Json<ReportMade> = Endpoint::new("make_report", OfRooms, Post, "/v1/rooms/{room}/reports", "Report a message to those who govern a closed room")
        .details("The report goes to the programs of the owner, co-owners and moderators that are connected, and nobody else learns of it. If none is, it waits in this home until one comes.")
        .status(201)
        .paced();
    LIST_REPORTS: Empty => Json<Reports> = Endpoint::new("list_reports", OfRooms, Get, "/v1/rooms/{room}/reports", "List the reports that came to you");
    CLOSE_REPORT: Empty => Empty = Endpoint::new("close_report", OfRooms, Delete, "/v1/rooms/{room}/reports/{ref}", "Forget the reports of a message")
        .status(204);
    FORESEE: Json<Order> => Json<Foreseen> = Endpoint::new("foresee", OfRooms, Post, "/v1/rooms/{room}/foreseen", "Tell what an order would end in a closed room");
    GET_TICKET: Empty => Json<Ticket> = Endpoint::new("get_ticket", OfRooms, Get, "/v1/rooms/{room}/ticket", "Get the ticket with which others join");
    GET_TICKET_PICTURE: Empty => Svg = Endpoint::new("get_ticket_picture", OfRooms, Get, "/v1/rooms/{room}/ticket.svg", "Get the ticket as a QR code");
    SET_NICK: Json<Nick> => Json<Room> = Endpoint::new("set_nick", OfRooms, Put, "/v1/rooms/{room}/nick", "Choose the name that others see you by").paced();
    SET_TOPIC: Json<Topic> => Json<Room> = Endpoint::new("set_topic", OfRooms, Put, "/v1/rooms/{room}/topic", "Set the topic").paced();
    SET_READ: Json<Read> => Json<Room> = Endpoint::new("set_read", OfRooms, Put, "/v1/rooms/{room}/read", "Move the read marker")
        .details("The marker moves forward only; a place before it changes nothing. `mark_unread` moves it back.");
    SET_ATTENTION: Json<Attention> => Json<Room> = Endpoint::new("set_attention", OfRooms, Put, "/v1/rooms/{room}/attention", "Mute or pin a room")
        .details("For you alone, in every window: a muted room neither rings nor notifies, pinned rooms are listed first. An absent field changes nothing.");
    SET_KEEP: Json<Keep> => Json<Room> = Endpoint::new("set_keep", OfRooms, Put, "/v1/rooms/{room}/keep", "Set how much of a room is kept")
        .details("This applies to this home only; others choose their own bounds.");
    SET_ANNOUNCED: Json<Announced> => Json<Room> = Endpoint::new("set_announced", OfRooms, Put, "/v1/rooms/{room}/announced", "Announce a room on the LAN, or stop")
        .details("Anyone on the LAN can find an announced room by its name and join it.");
    LIST_NEARBY: Empty => Json<Nearby> = Endpoint::new("list_nearby", OfRooms, Get, "/v1/nearby", "List the rooms that are announced on the LAN")
        .queries(&[
            Query::new("name", Value::Text("lunch"), "Only rooms with this name; the answer comes as soon as one is found"),
            Query::new("wait_ms", Value::Number(0, 3000), "How long to search, in milliseconds"),
        ]);

    LIST_MESSAGES: Empty => Json<Page> = Endpoint::new("list_messages", Messages, Get, "/v1/rooms/{room}/messages", "Read a page of the timeline, or search it")
        .details("Without `before`, `after` and `q` the answer has the newest messages. At most one of the three may be given.")
        .queries(&[
            Query::new("before", Value::Text(PLACE), "The messages before this place"),
            Query::new("after", Value::Text(PLACE), "The messages after this place"),
            Query::new("q", Value::Text("pizza from:ann since:2026-05-01 until:7d"), "The messages with these words, newest first; `from:`, `since:` and `until:` filter them by author and time"),
            Query::new("limit", Value::Number(1, 50), "The greatest number of results"),
        ]);
    SAY: JsonOrLines<Say> => Json<Page> = Endpoint::new("say", Messages, Post, "/v1/rooms/{room}/messages", "Send a message, or several")
        .details("A JSON body is one message; each line of a plain text body is one message. The messages are on disk when the answer comes. `@name` anywhere in a text, and `name:` or `name,` at its beginning, mention that person.")
        .headers(ONCE)
        .status(201)
        .paced();
    GET_MESSAGE: Empty => Json<Message> = Endpoint::new("get_message", Messages, Get, "/v1/rooms/{room}/messages/{ref}", "Read one message");
    EDIT_MESSAGE: Json<Edit> => Json<Message> = Endpoint::new("edit_message", Messages, Put, "/v1/rooms/{room}/messages/{ref}", "Change the text of one of your messages").paced();
    RETRACT_MESSAGE: Empty => Json<Message> = Endpoint::new("retract_message", Messages, Delete, "/v1/rooms/{room}/messages/{ref}", "Take one of your messages back")
        .details("Its text is deleted here and on every node that learns of it. Others may have kept a copy.")
        .paced();
    REACT: Empty => Json<Message> = Endpoint::new("react", Messages, Put, "/v1/rooms/{room}/messages/{ref}/reactions/{sign}", "Add a sign to a message").paced();
    UNREACT: Empty => Json<Message> = Endpoint::new("unreact", Messages, Delete, "/v1/rooms/{room}/messages/{ref}/reactions/{sign}", "Remove a sign from a message").paced();
    MARK_UNREAD: Empty => Json<Room> = Endpoint::new("mark_unread", Messages, Put, "/v1/rooms/{room}/messages/{ref}/unread", "Move the read marker back before a message");
    LIST_SIGNS: Empty => Json<Signs> = Endpoint::new("list_signs", Messages, Get, "/v1/signs", "Find emoji by name")
        .queries(&[
            Query::new("q", Value::Text("party"), "The beginnings of words in the name"),
            Query::new("limit", Value::Number(1, 50), "The greatest number of results"),
        ]);
    LIST_HOLDERS: Empty => Json<Holders> = Endpoint::new("list_holders", Messages, Get, "/v1/rooms/{room}/messages/{ref}/holders", "List who has a message");

    LIST_PEOPLE: Empty => Json<People> = Endpoint::new("list_people", Persons, Get, "/v1/rooms/{room}/people", "List the people of a room");
    GET_PERSON: Empty => Json<Whois> = Endpoint::new("get_person", Persons, Get, "/v1/rooms/{room}/people/{author}", "Get details about a person");
    HIDE_PERSON: Empty => Json<People> = Endpoint::new("hide_person", Persons, Put, "/v1/rooms/{room}/hidden/{author}", "Hide a person")
        .details("Their messages are not shown to you and cause no notifications. Nobody else learns of it. A person mostly has another key in each room, so `everywhere` hides this key in all rooms of the home, and in each room the author at whose program this person is connected now.")
        .queries(&[Query::new("everywhere", Value::OneOf(&["true", "false"]), "Whether they are hidden in all rooms of the home")]);
    SHOW_PERSON: Empty => Json<People> = Endpoint::new("show_person", Persons, Delete, "/v1/rooms/{room}/hidden/{author}", "Show a person again")
        .details("Whoever was hidden everywhere is shown again in every room in which the same key writes.");
    VERIFY_PERSON: Empty => Json<People> = Endpoint::new("verify_person", Persons, Put, "/v1/rooms/{room}/verified/{author}", "Say that your safety number with a person is the same on both sides")
        .details("`get_person` has the number. Compare it by voice or face to face. The home remembers it for this key alone, and nobody else learns of it.");
    UNVERIFY_PERSON: Empty => Json<People> = Endpoint::new("unverify_person", Persons, Delete, "/v1/rooms/{room}/verified/{author}", "Take back that you verified a person");
    GET_SAFETY_PICTURE: Empty => Svg = Endpoint::new("get_safety_picture", Persons, Get, "/v1/rooms/{room}/people/{author}/safety.svg", "Get your safety number with a person as a QR code");
    TYPING: Empty => Empty = Endpoint::new("typing", Persons, Post, "/v1/rooms/{room}/typing", "Tell others that you are typing")
        .details("Sent to connected peers, at most once in three seconds however often it is called, and never if the configuration says `typing = false`.")
        .status(204);

    SEND_FILE: Bytes => Json<Page> = Endpoint::new("send_file", Files, Post, "/v1/rooms/{room}/files", "Offer a file")
        .details("The body is the file, of any length.")
        .queries(&[
            Query::new("name", Value::Text("menu.pdf"), "The file's name").needed(),
            Query::new("reply_to", Value::Text(REF), "The message that it answers"),
        ])
        .headers(ONCE)
        .status(201)
        .paced();
    GET_FILE: Empty => Bytes = Endpoint::new("get_file", Files, Get, "/v1/rooms/{room}/files/{ref}", "Download the file that a message offers")
        .details("A file that is not here is fetched from peers, and sent while it arrives. A `Range` header with one range is answered with 206.");
    FETCH_FILE: Empty => Json<Message> = Endpoint::new("fetch_file", Files, Post, "/v1/rooms/{room}/files/{ref}", "Start to fetch the file that a message offers")
        .details("Events report how much of it has arrived.")
        .status(202);
    GIVE_UP_FILE: Empty => Json<Message> = Endpoint::new("give_up_file", Files, Delete, "/v1/rooms/{room}/files/{ref}", "Stop fetching a file");

    LIST_HOOKS: Empty => Json<Hooks> = Endpoint::new("list_hooks", OfHooks, Get, "/v1/hooks", "List the webhooks of this home").owners();
    ADD_HOOK: Json<NewHook> => Json<HookMade> = Endpoint::new("add_hook", OfHooks, Post, "/v1/rooms/{room}/hooks", "Make a webhook")
        .details("Without `to`, other programs post into the room at the `path` in the answer. With `to`, the home posts each later message of the room that passes the filter to that URL as JSON, at least once; a repeated delivery has the same `id`. `X-Hub-Signature-256` is `sha256=` and the HMAC-SHA256 of the body under the secret, in hexadecimal. A delivery that the receiver does not answer with a status of 2xx is repeated after growing pauses and finally given up; redirects are not followed. Messages that came by a webhook are not sent.")
        .status(201)
        .owners();
    REMOVE_HOOK: Empty => Empty = Endpoint::new("remove_hook", OfHooks, Delete, "/v1/hooks/{hook}", "Remove a webhook")
        .status(204)
        .owners();
    POST_BY_HOOK: JsonOrLines<HookPost> => Text = Endpoint::new("post_by_hook", OfHooks, Post, "/v1/hooks/{hook}/{secret}", "Post into a room through a webhook")
        .details("Needs no token, because the path contains the secret. The body is JSON with a `text`, or a form with such JSON as `payload`, as for Slack; any other body is the text itself. It becomes one message, which everybody sees under the name of the hook, as imported by you.")
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

    BEGIN_PRIVATE: Json<NewPrivate> => Json<Room> = Endpoint::new("begin_private", OfRooms, Post, "/v1/rooms/{room}/private", "Talk privately with people in a room")
        .details("Answers with the private room that you have with exactly these people, opens the one into which one of them asked you, or founds one and asks them into it. It is a closed room in which everybody keeps the key that they have in `room`, so whoever you verified there is verified here. Nobody is let in or removed; each can leave.")
        .owners();
    LIST_REQUESTS: Empty => Json<Requests> = Endpoint::new("list_requests", OfRooms, Get, "/v1/requests", "List the private rooms that others ask you into").owners();
    OPEN_REQUEST: Empty => Json<Room> = Endpoint::new("open_request", OfRooms, Post, "/v1/requests/{id}", "Enter a private room that somebody asks you into")
        .owners();
    DECLINE_REQUEST: Empty => Empty = Endpoint::new("decline_request", OfRooms, Delete, "/v1/requests/{id}", "Stop listing a private room that somebody asks you into")
        .details("Nobody is told. You can still enter it by asking for a private room with the same people.")
        .status(204)
        .owners();

    LIST_DEVICES: Empty => Json<Devices> = Endpoint::new("list_devices", OfDevices, Get, "/v1/devices", "List your machines").owners();
    ADD_DEVICE: Json<NewDevice> => Steps<Linking> = Endpoint::new("add_device", OfDevices, Post, "/v1/devices", "Link another machine of yours")
        .details("A line of JSON with the code to use there; the result comes as the last line, once the other machine has used the code. The code ends with the request, when it was used, or after ten minutes.")
        .owners();
    LINK_DEVICE: Json<LinkDevice> => Json<Linked> = Endpoint::new("link_device", OfDevices, Post, "/v1/devices/link", "Link this machine to another one of yours")
        .details("Takes over its rooms with names, read markers, hidden people and settings. In closed rooms both are one person from then on; open rooms are entered under a name of one's own.")
        .owners();
    REVOKE_DEVICE: Empty => Empty = Endpoint::new("revoke_device", OfDevices, Delete, "/v1/devices/{device}", "Revoke a machine of yours")
        .details("Nothing that it says afterwards is shown to anybody. The machine that linked it can do this, and the machine itself.")
        .status(204)
        .owners();

    BACK_UP: Json<NewBackup> => Json<BackedUp> = Endpoint::new("back_up", OfDevices, Post, "/v1/backup", "Make a backup of this home")
        .details("One file under a passphrase, with keys of its own: in closed rooms it is a device of yours on which nobody writes before it is restored, and a co-owner where you are owner or co-owner. It holds no messages: those come from whoever is in the rooms. Takes about two seconds. Once the file is safe, revoke the backup before, which `list_devices` tells by `backup`.")
        .owners();
    RESTORE: Json<Restore> => Json<Linked> = Endpoint::new("restore", OfDevices, Post, "/v1/restore", "Come back into the rooms of a backup")
        .details("Only in a home without rooms.")
        .owners();

    EXPORT: Empty => Text = Endpoint::new("export_room", Archive, Get, "/v1/rooms/{room}/export", "Export a room")
        .details("`jsonl` is the archive: it can be imported again and still verifies, and keeps all entries, also those of a closed room that no longer count. `text` and `markdown`, like `list_messages`, have what people are shown.")
        .queries(&[
            Query::new("format", Value::OneOf(&["jsonl", "text", "markdown"]), "The form of the export"),
            Query::new("since_ms", Value::Number(0, 1_700_000_000_000), "Only messages from this time on, in milliseconds since the Unix epoch"),
        ]);
    IMPORT: Bytes => Json<ImportCounts> = Endpoint::new("import_room", Archive, Post, "/v1/rooms/{room}/import", "Import an export")
        .details("An export as JSON lines, or messages of another system as lines: `{\"is\": \"said\", \"source\": \"irssi\", \"name\": \"alice\", \"time_ms\": 1551535320000, \"text\": \"hi\"}`.");
    CHECK: Empty => Steps<Work> = Endpoint::new("check_room", Archive, Get, "/v1/rooms/{room}/check", "Verify every hash and signature on disk")
        .details("A line of JSON for each step; the report comes last.");
    RESYNC: Empty => Steps<Work> = Endpoint::new("resync_room", Archive, Post, "/v1/rooms/{room}/resync", "Remove damaged entries and fetch them again")
        .details("A line of JSON for each step; the result comes last.");

    EVENTS: Empty => Events<Event> = Endpoint::new("events", Tag::Events, Get, "/v1/events", "Follow the events")
        .details("The state of each room, then each event as it happens: its name as `event:`, its content as `data:`, and as `id:` the point from which to resume. A reader that reconnects sends the last `id:` as `Last-Event-ID` and first receives the events that it missed, each once. If the process no longer has them, because the break was long, the reader too slow or the process restarted, the reader receives `lagged` instead: it catches up by reading the messages `after` the last place that it knows.")
        .queries(&[Query::new("room", Value::Text("lunch"), "Only events of this room")])
        .headers(&[Header { name: LAST_EVENT_ID, example: "5f0c2a9be1d34478.17", says: "The last `id:` that was read; the stream resumes after it" }]);
}
