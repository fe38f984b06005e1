//! Bytes under a passphrase: an age file in its text form, which the program `age` opens too.

use age::{
    DecryptError, scrypt,
    secrecy::{ExposeSecret as _, SecretString},
};
use rumormill_api::codes;
use rumormill_node::HomeKey;
use zeroize::Zeroizing;

use crate::answer::Refusal;

/// A passphrase that is hard to guess.
///
/// # Errors
/// When it is too short.
pub(crate) fn read_passphrase(text: String) -> Result<SecretString, Refusal> {
    let passphrase = SecretString::from(text);
    if passphrase.expose_secret().chars().count() < PASSPHRASE_CHARS {
        let help = format!(
            "take at least {PASSPHRASE_CHARS} letters, such as four words that have nothing to do with each other"
        );
        return Err(Refusal::new(codes::PASSPHRASE, "the passphrase is too short", &help));
    }
    Ok(passphrase)
}

/// Encrypts bytes.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn seal(passphrase: SecretString, bytes: &[u8]) -> Result<String, Refusal> {
    age::encrypt_and_armor(&recipient(passphrase), bytes).map_err(|why| Refusal::internal("backup", why.to_string()))
}

/// A guess costs the same wherever a file is made, and however busy the machine is.
fn recipient(passphrase: SecretString) -> scrypt::Recipient {
    let mut recipient = scrypt::Recipient::new(passphrase);
    recipient.set_work_factor(WORK);
    recipient
}

/// Decrypts a file of [`seal`].
///
/// # Errors
/// When the passphrase is another one, or it is no such file.
pub(crate) fn open(passphrase: SecretString, file: &str) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    unseal(passphrase, file, "the backup", no_backup)
}

/// The key of a home, under a passphrase that is hard to guess: what the file `keys.age` holds.
///
/// # Errors
/// When the passphrase is too short, or the system gives no random bytes.
pub fn seal_key(passphrase: String, key: &HomeKey) -> Result<String, Refusal> {
    seal(read_passphrase(passphrase)?, key.bytes())
}

/// The key in a file of [`seal_key`].
///
/// # Errors
/// When the passphrase is another one, or it is no such file.
pub fn open_key(passphrase: String, file: &str) -> Result<HomeKey, Refusal> {
    let no_keys = || {
        let help = "put back `keys.age` of this home: without it nobody can open the home";
        Refusal::new(codes::CORRUPT, "`keys.age` in the home is damaged", help)
    };
    let bytes = unseal(SecretString::from(passphrase), file, "the home", no_keys)?;
    bytes.as_slice().try_into().map(HomeKey::new).map_err(|_| no_keys())
}

/// Decrypts a file that is of something.
fn unseal(
    passphrase: SecretString,
    file: &str,
    of: &str,
    damaged: impl Fn() -> Refusal,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(MOST_WORK);
    let opened = age::decrypt(&identity, file.trim().as_bytes());
    opened.map(Zeroizing::new).map_err(|why| match why {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
            let help = "type it again; without it nobody can open the file";
            Refusal::new(codes::PASSPHRASE, format!("this is not the passphrase of {of}"), help)
        }
        DecryptError::ExcessiveWork { .. } => {
            let help = "make another one with `rumormill backup` or `rumormill lock`";
            Refusal::new(codes::BACKUP, "to open this file takes far more work than files of this program do", help)
        }
        _ => damaged(),
    })
}

/// The refusal of a file that is no backup.
pub(crate) fn no_backup() -> Refusal {
    let help = "take the whole file that `rumormill backup` wrote";
    Refusal::new(codes::BACKUP, "this is no backup, or not all of it", help)
}

/// The work that a guess costs: 2 to this of scrypt's steps, 128 MiB and some tenths of a second, as OWASP recommends for
/// scrypt. It is not measured: a busy machine would find less enough, and would not open what it made when it was idle.
const WORK: u8 = 17;

/// The most work for which a file is opened.
const MOST_WORK: u8 = 22;

/// Letters of a passphrase, at the least.
const PASSPHRASE_CHARS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_passphrase_opens_it_and_a_short_one_is_refused() {
        let secret = |text: &str| SecretString::from(text.to_owned());
        assert_eq!(read_passphrase("short".into()).unwrap_err().refused.code, "passphrase");
        let file = seal(read_passphrase("correct horse battery".into()).unwrap(), b"keys").unwrap();
        assert!(file.starts_with("-----BEGIN AGE ENCRYPTED FILE-----") && !file.contains("keys"));
        assert_eq!(open(secret("correct horse battery"), &file).unwrap().as_slice(), b"keys");
        assert_eq!(open(secret("correct horse buttery"), &file).unwrap_err().refused.code, "passphrase");
        assert_eq!(open(secret("correct horse battery"), &file[..90]).unwrap_err().refused.code, "backup");
        assert_eq!(open(secret("correct horse battery"), "hello").unwrap_err().refused.code, "backup");
        // The text form hides the header; the bytes say how much work it is.
        let bytes = age::encrypt(&recipient(secret("correct horse battery")), b"keys").unwrap();
        let header = String::from_utf8_lossy(&bytes);
        assert!(header.lines().nth(1).unwrap().ends_with(&format!(" {WORK}")), "{header}");
    }
}
