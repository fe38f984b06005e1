"""Uses a generated client: lists rooms, reads pages, says something, reacts."""
import sys

folder, origin, token, said = sys.argv[1:]
sys.path.insert(0, folder)

from rumormill_client import AuthenticatedClient
from rumormill_client.api.messages import list_messages, react, say
from rumormill_client.api.rooms import get_room, list_rooms
from rumormill_client.models import Refusal, Say

client = AuthenticatedClient(base_url=origin, token=token)

rooms = list_rooms.sync(client=client).rooms
assert [room.name for room in rooms] == ["lunch"], rooms

answer = say.sync("lunch", client=client, body=Say(text="from a client", reply_to=said))
assert answer.messages[0].reply_to.ref == said, answer

reacted = react.sync("lunch", said, "👍", client=client)
assert reacted.reactions[0].mine, reacted

pages, before = [], None
while True:
    more = {} if before is None else {"before": before}
    page = list_messages.sync("lunch", client=client, limit=1, **more)
    pages.extend(page.messages)
    if not page.more:
        break
    before = page.messages[0].place
assert [message.text for message in pages][0] == "from a client", pages
assert any(message.ref == said for message in pages), pages

refused = get_room.sync("nowhere", client=client)
assert isinstance(refused, Refusal) and refused.error.code == "room", refused
