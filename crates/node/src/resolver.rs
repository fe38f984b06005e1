//! Looks up names at the resolver that the system names, and at no other: iroh's own choice would ask public ones when
//! that one fails. iroh asks again many times a second, and before it has an answer. So each question is asked once at a
//! time, and the others wait for its answer. A name that could not be looked up is not looked up again for a while, which
//! doubles each time; until then every question is answered by a failure.

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
use tokio::sync::Mutex as Turn;

use crate::limits::{LOOK_UP_AGAIN_MOST_MS, LOOK_UP_AGAIN_MS, LOOKED_UP};

/// The resolver of a node.
pub(crate) fn patient() -> DnsResolver {
    let system = DnsResolver::builder().with_system_defaults().disable_fallback().build();
    DnsResolver::custom(Patient::new(system))
}

/// Asks `system`, unless that failed a moment ago.
#[derive(Debug)]
struct Patient {
    system: System,
    turns: Mutex<Turns>,
    failed: Arc<Mutex<Failed>>,
    start: Instant,
}

impl Patient {
    fn new(system: DnsResolver) -> Self {
        Self { system: System(system), turns: Mutex::default(), failed: Arc::default(), start: Instant::now() }
    }

    /// Looks up when nobody else asks the same, unless it has failed a moment ago then. The system's resolver remembers an
    /// answer for those who waited. A look-up that is given up before it ends has failed.
    fn look_up<T: Send + 'static>(
        &self,
        kind: Kind,
        host: String,
        look_up: impl FnOnce(DnsResolver, String) -> BoxFuture<Result<BoxIter<T>, DnsError>> + Send + 'static,
    ) -> BoxFuture<Result<BoxIter<T>, DnsError>> {
        let question = (kind, host.clone());
        let turn = lock(&self.turns).of(&question);
        let (system, failed, start) = (self.system.0.clone(), self.failed.clone(), self.start);
        Box::pin(async move {
            let _turn = turn.lock().await;
            if !lock(&failed).allows(&question, ms_since(start)) {
                return Err(AnyError::from_display("this failed a moment ago").into());
            }
            // Dropped before the turn, so that whoever is next knows of the failure.
            let mut asked = Asked { question, failed, start, is_answered: false };
            let answer = look_up(system, host).await;
            asked.is_answered = answer.is_ok();
            answer
        })
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
        Box::new(Self::new(self.system.0.clone()))
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

impl Drop for Asked {
    fn drop(&mut self) {
        let question = std::mem::take(&mut self.question.1);
        let question = (self.question.0, question);
        let mut failed = lock(&self.failed);
        match self.is_answered {
            true => failed.forget(&question),
            false => failed.note(question, ms_since(self.start)),
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

/// Who asks what holds the lock of it.
#[derive(Debug, Default)]
struct Turns(BTreeMap<Question, Arc<Turn<()>>>);

impl Turns {
    fn of(&mut self, question: &Question) -> Arc<Turn<()>> {
        if let Some(turn) = self.0.get(question) {
            return turn.clone();
        }
        if self.0.len() >= LOOKED_UP {
            self.0.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        self.0.entry(question.clone()).or_default().clone()
    }
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

    fn note(&mut self, question: Question, now_ms: u64) {
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

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ms_since(start: Instant) -> u64 {
    start.elapsed().as_millis() as u64
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};

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
            let begun = failed.allows(&relay(0), now_ms);
            if begun {
                failed.note(relay(0), now_ms);
            }
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
        let patient = asks(at);
        for _ in 0..1_000 {
            assert!(patient.lookup_ipv4("relay.example.org", DNS_TIMEOUT).await.is_err());
        }
        let questions = *count.lock().unwrap();
        assert!((1..100).contains(&questions), "{questions}");
    }

    fn asks(at: SocketAddr) -> DnsResolver {
        let udp = NameserverConfig::udp(at.ip()).with_port(at.port());
        DnsResolver::custom(Patient::new(DnsResolver::builder().add_nameserver_config(udp).disable_fallback().build()))
    }

    #[tokio::test]
    async fn a_thousand_questions_at_once_to_a_resolver_that_is_silent_are_a_few() {
        let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let patient = asks(silent.local_addr().unwrap());
        let questions = (0..1_000).map(|_| patient.lookup_ipv4("relay.example.org", DNS_TIMEOUT));
        assert!(futures_util::future::join_all(questions).await.iter().all(Result::is_err));
        silent.set_nonblocking(true).unwrap();
        let packets = std::iter::from_fn(|| silent.recv_from(&mut [0; 512]).ok()).count();
        assert!((1..100).contains(&packets), "{packets}");
    }

    #[tokio::test]
    async fn a_question_that_waited_for_the_same_gets_its_answer() {
        let answers = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let patient = asks(answers.local_addr().unwrap());
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            let (length, from) = answers.recv_from(&mut packet).unwrap();
            // One answer: the name of the question, for a minute, 192.0.2.1. What comes after the question goes.
            let length = packet[12..length].iter().position(|&byte| byte == 0).unwrap() + 12 + 5;
            packet[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
            let answer = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];
            answers.send_to(&[&packet[..length], &answer].concat(), from).unwrap();
        });
        let questions = (0..10).map(|_| patient.lookup_ipv4("relay.example.org", DNS_TIMEOUT));
        for found in futures_util::future::join_all(questions).await {
            assert_eq!(found.unwrap().collect::<Vec<_>>(), [Ipv4Addr::new(192, 0, 2, 1)]);
        }
    }

    #[test]
    fn the_turns_are_bounded() {
        let mut turns = Turns::default();
        let held = turns.of(&relay(0));
        (1..LOOKED_UP + 3).for_each(|number| drop(turns.of(&relay(number))));
        assert!(turns.0.len() <= LOOKED_UP, "{}", turns.0.len());
        assert!(Arc::ptr_eq(&held, &turns.of(&relay(0))), "a turn that is taken stays");
    }
}
