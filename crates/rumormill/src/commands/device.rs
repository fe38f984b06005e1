//! `rumormill device`: machines of one person, which are one person to others in closed rooms.

use std::io::{self, IsTerminal as _};

use fast_qr::{ECL, QRBuilder};
use futures_util::StreamExt as _;
use rumormill_api::{Device, LinkDevice, Linked, LinkedRoom, Linking, NewDevice, Part, endpoints};
use rumormill_client::Client;
use rumormill_text::{Clock, clean, title};

use crate::{
    client,
    commands::{data, json, talk},
    failure::Failure,
    home::{HomeArgs, Reach},
};

/// What to give `rumormill device`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show a code to link another machine, and wait for it
    Add {
        /// What this machine is called; its host name if omitted
        #[arg(long)]
        name: Option<String>,
    },
    /// Link this machine to another one of yours, by the code that it shows
    Link {
        /// The code
        code: Vec<String>,
        /// What this machine is called; its host name if omitted
        #[arg(long)]
        name: Option<String>,
    },
    /// List your machines
    List {
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
    },
    /// Revoke a machine: nothing that it says afterwards is shown to anybody
    Revoke {
        /// Name of the machine
        name: String,
    },
}

/// Links, lists or revokes machines.
///
/// # Errors
/// When there is no such machine, the other one is not reached or does not know the code, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    match args.what {
        What::Add { name } => {
            let name = name.unwrap_or_else(host_name);
            let linked = client::with(&place, Reach::Staying, async |client| add(client, name).await).await?;
            report(&linked, &linked.name)
        }
        What::Link { code, name } => {
            let link = LinkDevice { code: code.concat(), name: name.unwrap_or_else(host_name) };
            let ask = async |client: &Client| Ok(client.call(&endpoints::LINK_DEVICE, &[], &[], &link).await?);
            let linked = client::with(&place, Reach::Staying, ask).await?;
            report(&linked, &linked.of)?;
            talk("open a room with `rumormill chat`: what was said comes from whoever is there");
            Ok(())
        }
        What::List { json } => {
            let list = async |client: &Client| Ok(client.call(&endpoints::LIST_DEVICES, &[], &[], ()).await?.devices);
            let devices = client::with(&place, Reach::Reading, list).await?;
            if devices.is_empty() {
                talk("no other machine is linked: `rumormill device add` links one");
            }
            let clock = Clock::local();
            devices.iter().try_for_each(|device| match json {
                true => self::json(device),
                false => lines(&clock, device).iter().try_for_each(|line| data(line)),
            })
        }
        What::Revoke { name } => {
            let revoke = async |client: &Client| {
                client.call(&endpoints::REVOKE_DEVICE, &[&name], &[], ()).await?;
                Ok(())
            };
            client::with(&place, Reach::Staying, revoke).await?;
            talk(&format!("revoked: {name}; what it said before stays, and it keeps what it has"));
            Ok(())
        }
    }
}

/// Shows a code, and waits for the machine that uses it.
async fn add(client: &Client, name: String) -> Result<Linked, Failure> {
    let mut steps = client.call(&endpoints::ADD_DEVICE, &[], &[], &NewDevice { name }).await?;
    while let Some(step) = steps.next().await {
        match step? {
            Linking::Code { code, left_ms } => show(&code, left_ms)?,
            Linking::Linked(linked) => return Ok(linked),
            Linking::Failed(refused) => return Err(refused.into()),
        }
    }
    Err(Failure::internal("device", "linking ended without a result".into()))
}

/// Prints the code as data; for people also a picture and what to do.
fn show(code: &str, left_ms: u64) -> Result<(), Failure> {
    if io::stderr().is_terminal()
        && let Ok(picture) = QRBuilder::new(code.to_ascii_uppercase()).ecl(ECL::L).build()
    {
        talk(&picture.to_str());
    }
    data(code)?;
    let minutes = left_ms.div_ceil(60_000);
    talk(&format!("on the other machine, within {minutes} minutes: rumormill device link CODE"));
    talk("whoever has the code becomes you: show it to nobody");
    Ok(())
}

/// Reports what came of linking this machine and `other`.
fn report(linked: &Linked, other: &str) -> Result<(), Failure> {
    talk(&format!("linked with {}", clean(other)));
    linked.rooms.iter().try_for_each(|room| data(&told(room)))
}

/// `lunch  you are one person on both machines`.
fn told(LinkedRoom { name, part, .. }: &LinkedRoom) -> String {
    let says = match part {
        Part::Device => "one person on both machines",
        Part::Own => "open, where the machines are two people: devices of one person exist in closed rooms only",
        Part::Before => "left as it was, because both machines were in it",
        Part::Absent => "not linked: only the machine with which you came there can do that, while it is in",
    };
    format!("{}  {says}", title(name))
}

/// A machine in one line, and one for each of its keys.
fn lines(clock: &Clock, device: &Device) -> Vec<String> {
    let Device { name, me, since_ms, backup, rooms } = device;
    let me = if *me { ", this machine" } else { "" };
    let since = format!("{}  since {} {}{me}", clean(name), clock.day(*since_ms), clock.minutes(*since_ms));
    let keys = rooms.iter().map(|room| {
        let key = room.author.as_str().get(..8).unwrap_or_default();
        let state = match (room.present, backup) {
            (true, _) => "",
            // Without a role its key is no member before it is restored.
            (false, true) => "  backup",
            (false, false) => "  revoked",
        };
        format!("  {key}  {}{state}", title(&room.name))
    });
    [since].into_iter().chain(keys).collect()
}

/// What this machine is called, where the system says so.
pub(crate) fn host_name() -> String {
    let said = nix::unistd::gethostname().ok().map(|name| clean(name.to_string_lossy().trim()));
    said.filter(|name| !name.is_empty()).unwrap_or_else(|| "device".into())
}

#[cfg(test)]
mod tests {
    use rumormill_api::DeviceRoom;

    use super::*;

    #[test]
    fn a_machine_is_listed_with_its_keys() {
        let room =
            DeviceRoom { name: "lunch".into(), author: "1a".repeat(32).as_str().into(), ..DeviceRoom::default() };
        let rooms = vec![DeviceRoom { present: true, ..room.clone() }, room];
        let laptop =
            Device { name: "laptop\u{1b}[2J".into(), me: true, since_ms: 1_700_000_000_000, backup: false, rooms };
        let said = lines(&Clock::utc(), &laptop);
        assert!(said[0].starts_with("laptop") && said[0].ends_with("since 2023-11-14 22:13, this machine"), "{said:?}");
        assert!(!said[0].contains('\u{1b}'));
        assert_eq!(said[1..], ["  1a1a1a1a  lunch", "  1a1a1a1a  lunch  revoked"]);
    }
}
