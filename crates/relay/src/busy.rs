//! The bound on nodes that are served at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use iroh_base::EndpointId;
use iroh_relay::server::{Access, AccessControl, ClientRequest, ConnectionId};

/// Admits everybody while there is room.
#[derive(Debug)]
pub(crate) struct Busy {
    nodes: AtomicUsize,
    most: usize,
}

impl Busy {
    pub(crate) fn new(most: usize) -> Self {
        Self { nodes: AtomicUsize::new(0), most }
    }

    fn take(&self) -> Access {
        let one_more = |nodes: usize| (nodes < self.most).then_some(nodes + 1);
        match self.nodes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Access::Allow,
            Err(_) => Access::Deny { reason: Some("this relay serves as many nodes as it may".into()) },
        }
    }

    fn leave(&self) {
        self.nodes.fetch_sub(1, Ordering::Relaxed);
    }
}

impl AccessControl for Busy {
    async fn on_connect(&self, _request: &ClientRequest) -> Access {
        self.take()
    }

    fn on_disconnect(&self, _node: EndpointId, _connection: ConnectionId) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_served_when_another_has_left() {
        let busy = Busy::new(2);
        assert_eq!([busy.take(), busy.take()], [Access::Allow, Access::Allow]);
        assert!(matches!(busy.take(), Access::Deny { .. }));
        busy.leave();
        assert_eq!(busy.take(), Access::Allow);
    }
}
