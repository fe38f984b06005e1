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

once = [say.sync("lunch", client=client, body=Say(text="said once"), idempotency_key="a") for _ in range(2)]
assert once[0].messages[0].ref == once[1].messages[0].ref, once
other = say.sync("lunch", client=client, body=Say(text="something else"), idempotency_key="a")
assert isinstance(other, Refusal) and other.error.code == "key-used", other

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
assert [message.text for message in pages][:2] == ["said once", "from a client"], pages
assert any(message.ref == said for message in pages), pages

refused = get_room.sync("nowhere", client=client)
assert isinstance(refused, Refusal) and refused.error.code == "room", refused
