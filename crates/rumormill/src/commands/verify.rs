//! `rumormill verify`: show the safety number with somebody, and remember that it is the same on both sides.

use std::io::{self, IsTerminal};

use fast_qr::QRBuilder;
use rumormill_api::endpoints;
use rumormill_client::Client;
use rumormill_text::clean;

use crate::{
    client::{self, pick},
    commands::{data, talk},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill verify`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// The person, by name or id
    person: String,
    /// Remember that you compared the number with the person, and that it was the same
    #[arg(long)]
    yes: bool,
    /// Take that back
    #[arg(long, conflicts_with = "yes")]
    no: bool,
}

/// Prints the safety number with a person, or remembers that it was compared.
///
/// # Errors
/// When there is no such room or person, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    client::with(&place, Reach::Reading, async |client| verify(client, &args).await).await
}

async fn verify(client: &Client, args: &Args) -> Result<(), Failure> {
    let room = pick(client, Some(&args.room)).await?;
    let path = [room.id.as_str(), &args.person];
    let name = clean(&args.person);
    if args.yes {
        client.call(&endpoints::VERIFY_PERSON, &path, &[], ()).await?;
        talk(&format!("{name} is verified, for this key alone"));
        return Ok(());
    }
    if args.no {
        client.call(&endpoints::UNVERIFY_PERSON, &path, &[], ()).await?;
        talk(&format!("{name} is not verified"));
        return Ok(());
    }
    let whois = client.call(&endpoints::GET_PERSON, &path, &[], ()).await?;
    if whois.person.me {
        return Err(Failure {
            exit: Exit::Usage,
            code: "author".into(),
            what: "this is yourself".into(),
            help: "name somebody else".into(),
        });
    }
    if io::stderr().is_terminal()
        && let Ok(picture) = QRBuilder::new(whois.safety.replace(' ', "")).ecl(fast_qr::ECL::L).build()
    {
        talk(&picture.to_str());
    }
    data(&whois.safety)?;
    talk(match whois.person.verified {
        true => "you have compared this number before; a number that differs from theirs means another key",
        false => "compare it by voice or face to face; if theirs is the same, add --yes",
    });
    Ok(())
}
