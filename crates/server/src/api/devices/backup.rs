//! A backup is a device that nobody writes on before it is restored: keys of its own, named in the rooms, in one file
//! under a passphrase.

use age::secrecy::SecretString;
use axum::extract::State;
use rumormill_node::{
    Backup, DeviceKey, LinkHanded, Membership, Room,
    proto::governance::{Order, Role},
};
use rumormill_text::Clock;

use super::{
    super::{
        Api,
        asked::Body,
        names::{author_hex, room_hex},
        words::{BackedUp, Linked, NewBackup, Part, Restore, codes},
    },
    enter_open,
    known::{Machine, read_name},
    linked_room,
};
use crate::{
    answer::{Answer, Refusal, SafeJson},
    passphrase,
};

/// `POST /v1/backup`.
pub(in crate::api) async fn make(
    State(api): State<Api>,
    Body(NewBackup { passphrase }): Body<NewBackup>,
) -> Answer<SafeJson<BackedUp>> {
    // Before the acts: a key that was named and is in no file is good for nobody.
    let passphrase = passphrase::read_passphrase(passphrase)?;
    refuse_many(api.node().rooms().iter().filter(|room| is_open(room) || room.may_name_devices()).count())?;
    let name = api.devices().free_name("backup");
    let mut machine = Machine {
        name: name.clone(),
        since_ms: Clock::utc().now_ms(),
        named: true,
        backup: true,
        ..Machine::default()
    };
    let own = api.step().room();
    let (mut handed, mut keys, mut rooms) = (LinkHanded { own, ..LinkHanded::default() }, Vec::new(), Vec::new());
    for room in api.node().rooms() {
        let part = if room.may_name_devices() {
            let key = DeviceKey::fresh();
            // Before the act: a key that was named must be known here.
            machine.keys.insert(room_hex(&room), author_hex(&key.author()));
            api.devices().put(machine.clone())?;
            handed.closed.push(room.hand_over(key.author(), api.about(&room)).await?);
            appoint(&room, &key).await?;
            keys.push((room.id(), key));
            Part::Device
        } else if is_open(&room) {
            handed.open.push((room.ticket().await?.to_string(), api.about(&room)));
            Part::Own
        } else {
            Part::Absent
        };
        if Some(room.id()) != own {
            rooms.push(linked_room(&room, part));
        }
    }
    let encoded = Backup { handed, keys }.encode();
    let bytes = encoded.map_err(|why| Refusal::internal("backup", why.to_string()))?;
    let sealed = tokio::task::spawn_blocking(move || passphrase::seal(passphrase, &bytes)).await;
    let file = sealed.map_err(|why| Refusal::internal("backup", why.to_string()))??;
    Ok(SafeJson(BackedUp { name, file, rooms }))
}

/// Whether a room is open and works, so that a backup has a ticket of it.
fn is_open(room: &Room) -> bool {
    !room.is_closed() && room.stopped().is_none()
}

/// Refuses a backup of more rooms than one holds.
fn refuse_many(rooms: usize) -> Answer<()> {
    if rooms <= Backup::ROOMS {
        return Ok(());
    }
    let what = format!("a backup holds {} rooms, and this home is in {rooms}", Backup::ROOMS);
    Err(Refusal::new(codes::TOO_MANY_ROOMS, what, "leave rooms that need not come back"))
}

/// Gives the key of a backup the role that an owner or co-owner can give it.
async fn appoint(room: &Room, key: &DeviceKey) -> Answer<()> {
    if matches!(room.membership(), Membership::Present(Some(Role::Owner | Role::CoOwner))) {
        room.order(Order::Appoint(key.author(), Role::CoOwner)).await?;
    }
    Ok(())
}

/// `POST /v1/restore`: enters the rooms of a backup, in a home that has none.
pub(in crate::api) async fn restore(
    State(api): State<Api>,
    Body(Restore { passphrase, file, name }): Body<Restore>,
) -> Answer<SafeJson<Linked>> {
    let name = read_name(&name)?.to_owned();
    if !api.node().rooms().is_empty() {
        let help = "take an empty home: `rumormill --home DIR restore FILE`";
        return Err(Refusal::new(codes::NOT_EMPTY, "this home is in rooms already", help));
    }
    let passphrase = SecretString::from(passphrase);
    let opened = tokio::task::spawn_blocking(move || passphrase::open(passphrase, &file)).await;
    let bytes = opened.map_err(|why| Refusal::internal("backup", why.to_string()))??;
    let Backup { handed, keys } = Backup::decode(&bytes).map_err(|_| passphrase::no_backup())?;
    let mut rooms = Vec::new();
    for room in &handed.closed {
        let Some((_, key)) = keys.iter().find(|(id, _)| *id == room.id) else { continue };
        let is_own = handed.own == Some(room.id);
        let entered = api.enter_handed(room, key, is_own).await?;
        if !is_own {
            rooms.push(linked_room(&entered, Part::Device));
        }
    }
    for (ticket, about) in &handed.open {
        rooms.push(enter_open(&api, ticket, about).await?);
    }
    let since_ms = Clock::utc().now_ms();
    api.devices().put(Machine { name: name.clone(), since_ms, me: true, ..Machine::default() })?;
    if let Some(own) = &handed.own {
        api.step_with(own)?;
    }
    Ok(SafeJson(Linked { name, of: "backup".into(), rooms }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_rooms_than_a_backup_holds_are_refused_with_both_numbers() {
        assert!(refuse_many(Backup::ROOMS).is_ok());
        let refused = refuse_many(Backup::ROOMS + 1).unwrap_err().refused;
        assert_eq!(refused.what, "a backup holds 1024 rooms, and this home is in 1025");
    }
}
