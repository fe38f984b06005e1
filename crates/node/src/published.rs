//! What a service on the internet publishes of this node: how it is reached. An endpoint also says the tags of its rooms,
//! which are for the LAN alone, so they are left out.

use iroh::{
    Endpoint, EndpointId,
    address_lookup::{AddressLookup, AddressLookupBuilder, AddressLookupBuilderError, EndpointData, Error, Item},
};
use n0_future::boxed::BoxStream;

/// How a service is begun that is told nothing else.
#[derive(Debug)]
pub(crate) struct Publishing<T>(pub(crate) T);

/// A service that is told nothing else.
#[derive(Debug)]
struct Published<T>(T);

impl<T: AddressLookup> AddressLookup for Published<T> {
    fn publish(&self, data: &EndpointData) {
        let mut data = data.clone();
        data.set_user_data(None);
        self.0.publish(&data);
    }

    fn resolve(&self, peer: EndpointId) -> Option<BoxStream<Result<Item, Error>>> {
        self.0.resolve(peer)
    }
}

impl<T: AddressLookupBuilder> AddressLookupBuilder for Publishing<T> {
    fn into_address_lookup(self, endpoint: &Endpoint) -> Result<impl AddressLookup, AddressLookupBuilderError> {
        self.0.into_address_lookup(endpoint).map(Published)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use iroh::{TransportAddr, address_lookup::UserData};

    use super::*;

    /// Remembers what it was told to publish.
    #[derive(Debug, Default)]
    struct Told(Arc<Mutex<Option<EndpointData>>>);

    impl AddressLookup for Told {
        fn publish(&self, data: &EndpointData) {
            *self.0.lock().unwrap() = Some(data.clone());
        }
    }

    #[test]
    fn tags_of_rooms_are_not_published() {
        let relay = TransportAddr::Relay("https://relay.example.org".parse().unwrap());
        let data = EndpointData::from_iter([relay.clone()]);
        let tagged = data.clone().with_user_data(UserData::try_from("abcdefgh".to_owned()).unwrap());
        let told = Told::default();
        let published = told.0.clone();
        Published(told).publish(&tagged);
        assert_eq!(published.lock().unwrap().take(), Some(data), "how the node is reached, and nothing else");
    }
}
