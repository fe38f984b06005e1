//! Looks up names at the resolver that the system names, and at no other: iroh's own choice would ask public ones when
//! that one fails. A name that could not be looked up is not looked up again for a while, which doubles each time; until
//! then every question is answered by a failure. iroh asks again many times a second.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use iroh::dns::{BoxIter, DNS_TIMEOUT, DnsError, DnsResolver, Resolver, TxtRecordData};
use n0_error::AnyError;
use n0_future::boxed::BoxFuture;

use crate::limits::{LOOK_UP_AGAIN_MOST_MS, LOOK_UP_AGAIN_MS, LOOKED_UP};

/// The resolver of a node.
pub(crate) fn patient() -> DnsResolver {
    let system = DnsResolver::builder().with_system_defaults().disable_fallback().build();
    DnsResolver::custom(Patient { system: System(system), failed: Arc::default(), start: Instant::now() })
}

/// Asks `system`, unless that failed a moment ago.
#[derive(Debug)]
struct Patient {
    system: System,
    failed: Arc<Mutex<Failed>>,
    start: Instant,
}

impl Patient {
    /// Looks up, unless this failed a moment ago. A look-up that is given up before it ends has failed.
    fn look_up<T: Send + 'static>(
        &self,
        kind: Kind,
        host: String,
        look_up: impl FnOnce(DnsResolver, String) -> BoxFuture<Result<BoxIter<T>, DnsError>>,
    ) -> BoxFuture<Result<BoxIter<T>, DnsError>> {
        let question = (kind, host.clone());
        if !lock(&self.failed).begins(&question, self.now_ms()) {
            return Box::pin(async { Err(AnyError::from_display("this failed a moment ago").into()) });
        }
        let mut asked = Asked { question, failed: self.failed.clone(), start: self.start, is_answered: false };
        let looked_up = look_up(self.system.0.clone(), host);
        Box::pin(async move {
            let answer = looked_up.await;
            asked.answered(answer.is_ok());
            answer
        })
    }

    fn now_ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}

impl Resolver for Patient {
    fn lookup_ipv4(&self, host: String) -> BoxFuture<Result<BoxIter<Ipv4Addr>, DnsError>> {
        self.look_up(Kind::V4, host, |system, host| {
            let v4 = |ip| if let IpAddr::V4(ip) = ip { Some(ip) } else { None };
            Box::pin(
                async move { Ok(Box::new(system.lookup_ipv4(host, DNS_TIMEOUT).await?.filter_map(v4)) as BoxIter<_>) },
            )
        })
    }

    fn lookup_ipv6(&self, host: String) -> BoxFuture<Result<BoxIter<Ipv6Addr>, DnsError>> {
        self.look_up(Kind::V6, host, |system, host| {
            let v6 = |ip| if let IpAddr::V6(ip) = ip { Some(ip) } else { None };
            Box::pin(
                async move { Ok(Box::new(system.lookup_ipv6(host, DNS_TIMEOUT).await?.filter_map(v6)) as BoxIter<_>) },
            )
        })
    }

    fn lookup_txt(&self, host: String) -> BoxFuture<Result<BoxIter<TxtRecordData>, DnsError>> {
        self.look_up(Kind::Txt, host, |system, host| {
            Box::pin(async move {
                let records: Vec<_> = system.lookup_txt(host, DNS_TIMEOUT).await?.collect();
                Ok(Box::new(records.into_iter()) as BoxIter<_>)
            })
        })
    }

    fn clear_cache(&self) {
        self.system.0.clear_cache();
    }

    /// The network changed: what failed in the old one may work in this one.
    fn reset(&self) -> Box<dyn Resolver> {
        self.system.0.reset();
        let system = System(self.system.0.clone());
        Box::new(Self { system, failed: Arc::default(), start: Instant::now() })
    }
}

/// The resolver that the system names.
struct System(DnsResolver);

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system's resolver")
    }
}

/// A look-up under way.
struct Asked {
    question: Question,
    failed: Arc<Mutex<Failed>>,
    start: Instant,
    is_answered: bool,
}

impl Asked {
    fn answered(&mut self, is_answered: bool) {
        self.is_answered = is_answered;
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let question = std::mem::take(&mut self.question.1);
        let question = (self.question.0, question);
        let mut failed = lock(&self.failed);
        match self.is_answered {
            true => failed.forget(&question),
            false => failed.note(question, self.start.elapsed().as_millis() as u64),
        }
    }
}

/// The records asked for, and of which name.
type Question = (Kind, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    V4,
    V6,
    Txt,
}

/// Questions that failed last time.
#[derive(Debug, Default)]
struct Failed(BTreeMap<Question, Wait>);

#[derive(Debug)]
struct Wait {
    ms: u64,
    until_ms: u64,
}

impl Failed {
    fn allows(&self, question: &Question, now_ms: u64) -> bool {
        self.0.get(question).is_none_or(|wait| now_ms >= wait.until_ms)
    }

    /// Whether to look up now. A question that failed before counts as failed again until it is answered: an answer may take
    /// seconds, in which the same is asked many times.
    fn begins(&mut self, question: &Question, now_ms: u64) -> bool {
        let is_allowed = self.allows(question, now_ms);
        if is_allowed && self.0.contains_key(question) {
            self.note(question.clone(), now_ms);
        }
        is_allowed
    }

    /// Notes a failure. Those of look-ups that went out together count as one.
    fn note(&mut self, question: Question, now_ms: u64) {
        if !self.allows(&question, now_ms) {
            return;
        }
        let ms = match self.0.get(&question) {
            Some(wait) => (wait.ms * 2).min(LOOK_UP_AGAIN_MOST_MS),
            None => LOOK_UP_AGAIN_MS,
        };
        if self.0.len() >= LOOKED_UP && !self.0.contains_key(&question) {
            let first = self.0.iter().min_by_key(|(_, wait)| wait.until_ms).map(|(question, _)| question.clone());
            first.map(|first| self.0.remove(&first));
        }
        self.0.insert(question, Wait { ms, until_ms: now_ms + ms });
    }

    fn forget(&mut self, question: &Question) {
        self.0.remove(question);
    }
}

fn lock(failed: &Mutex<Failed>) -> MutexGuard<'_, Failed> {
    failed.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use iroh::dns::NameserverConfig;

    use super::*;

    fn relay(number: usize) -> Question {
        (Kind::V4, format!("relay{number}.example.org"))
    }

    #[test]
    fn a_name_that_is_refused_is_looked_up_ever_less() {
        let mut failed = Failed::default();
        // As iroh does: ten questions a second, for an hour.
        let looked_up = (0..36_000).filter(|tenth| {
            let now_ms = tenth * 100;
            let begun = failed.begins(&relay(0), now_ms);
            failed.note(relay(0), now_ms);
            begun
        });
        let doublings = u64::from((LOOK_UP_AGAIN_MOST_MS / LOOK_UP_AGAIN_MS).ilog2()) + 2;
        let looked_up = looked_up.count() as u64;
        assert!(looked_up <= doublings + 3_600_000 / LOOK_UP_AGAIN_MOST_MS, "{looked_up}");
        assert!(looked_up >= 3_600_000 / LOOK_UP_AGAIN_MOST_MS, "{looked_up}: it is still tried");
        failed.forget(&relay(0));
        assert!(failed.allows(&relay(0), 3_600_000), "an answer ends the waiting");
    }

    #[test]
    fn the_names_that_failed_are_bounded() {
        let mut failed = Failed::default();
        (0..LOOKED_UP + 3).for_each(|number| failed.note(relay(number), number as u64));
        assert_eq!(failed.0.len(), LOOKED_UP);
        assert!(failed.allows(&relay(2), LOOKED_UP as u64) && !failed.allows(&relay(3), LOOKED_UP as u64));
    }

    /// A name server that refuses every question; the number of questions for a name is at most the packets that it
    /// counts.
    #[tokio::test]
    async fn a_thousand_questions_to_a_resolver_that_refuses_are_a_few() {
        let refuses = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = refuses.local_addr().unwrap();
        let count = Arc::new(Mutex::new(0));
        let counted = count.clone();
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, from)) = refuses.recv_from(&mut packet) {
                *counted.lock().unwrap() += 1;
                // An answer, refused; the question stays as it is.
                packet[2..4].copy_from_slice(&[0x81, 0x85]);
                refuses.send_to(&packet[..length], from).unwrap();
            }
        });
        let udp = NameserverConfig::udp(at.ip()).with_port(at.port());
        let system = System(DnsResolver::builder().add_nameserver_config(udp).disable_fallback().build());
        let patient = DnsResolver::custom(Patient { system, failed: Arc::default(), start: Instant::now() });
        for _ in 0..1_000 {
            assert!(patient.lookup_ipv4("relay.example.org", DNS_TIMEOUT).await.is_err());
        }
        let questions = *count.lock().unwrap();
        assert!((1..100).contains(&questions), "{questions}");
    }
}
