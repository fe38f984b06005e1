//! `rumormill rules`: print or change the rules of a closed room.

use rumormill_api::{Rules, endpoints};
use rumormill_client::Client;
use rumormill_text::{RULES_HELP, read_rules, ruled};

use crate::{
    client::{self, pick},
    commands::{data, json},
    failure::{Exit, Failure},
    home::{HomeArgs, Reach},
};

/// Arguments of `rumormill rules`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Name of the room, or the beginning of its id
    room: String,
    /// What to change: `slow 30`, `slow off`, `newcomers held`, `newcomers shown`, `tickets governors`, `tickets members`
    change: Vec<String>,
    /// Print the rules as JSON
    #[arg(long)]
    json: bool,
}

/// Changes a rule, if one is given, and prints the rules.
///
/// # Errors
/// When there is no such room, it is open, the person may not, or the home cannot be opened.
pub(crate) async fn run(args: Args, place: HomeArgs) -> Result<(), Failure> {
    let words = args.change.join(" ");
    let change = match words.is_empty() {
        true => None,
        false => Some(read_rules(&words).ok_or_else(|| Failure {
            exit: Exit::Usage,
            code: "usage".into(),
            what: format!("{words:?} is no rule"),
            help: format!("say one of: {RULES_HELP}"),
        })?),
    };
    let asked = async |client: &Client| -> Result<Option<Rules>, Failure> {
        let room = pick(client, Some(&args.room)).await?;
        match (change, room.rules) {
            (Some(change), _) => Ok(client.call(&endpoints::SET_RULES, &[room.id.as_str()], &[], &change).await?.rules),
            (None, rules) => Ok(rules),
        }
    };
    let rules = client::with(&place, Reach::Reading, asked).await?;
    let Some(rules) = rules else { return data("everybody is equal in an open room: it has no rules") };
    match args.json {
        true => json(&rules),
        false => ruled(&rules).iter().try_for_each(|rule| data(rule)),
    }
}
