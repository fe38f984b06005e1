//! The QUIC endpoint: presets, sockets, names of the protocol, and transport settings.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    sync::Arc,
    time::Duration,
};

use iroh::{
    Endpoint, RelayMode, SecretKey,
    address_lookup::{DnsAddressLookup, PkarrPublisher, PkarrResolver},
    endpoint::{
        BindOpts, Builder, Connection, IdleTimeout, InvalidSocketAddr, PortmapperConfig, QuicTransportConfig, VarInt,
        presets,
    },
    tls::CaTlsConfig,
};

use crate::{
    attached::Attached,
    congestion::Larger,
    dht::Mainline,
    error::Error,
    limits::{
        BULK_STREAMS, IDLE, KEEP_ALIVE, PAIRED_STREAMS, ROUND_TRIP, STRANGER_WINDOW_BYTES, STREAM_WINDOW_BYTES,
        WINDOW_BYTES,
    },
    linking, nearby,
    published::Publishing,
    resolver,
    settings::{Bind, Reach, Relay, Settings},
};

/// Name of the protocol in the TLS handshake. Another version has another name. Peers of this version skip controls
/// that they do not know.
pub(crate) const ALPN: &[u8] = b"rumormill/1.1";

/// The first version. Its peers bar a sender of a control that they do not know.
pub(crate) const ALPN_FIRST: &[u8] = b"rumormill/1";

/// Binds the sockets that `settings` ask for; on the addresses of these networks alone, if there are any.
///
/// # Errors
/// [`Error::Bind`] when the system refuses them.
pub(crate) async fn bind(
    settings: &Settings,
    attached: Option<&Attached>,
    mainline: Option<&Mainline>,
    secret: SecretKey,
) -> Result<Endpoint, Error> {
    let failed = |why: String| Error::Bind { why };
    let transport = transport(ROUND_TRIP)?;
    let bind = async |builder: Builder| {
        let versions = [ALPN, ALPN_FIRST, nearby::ALPN, linking::ALPN].map(<[u8]>::to_vec);
        let builder = builder.secret_key(secret.clone()).alpns(versions.into());
        builder.transport_config(transport.clone()).bind().await.map_err(|error| failed(error.to_string()))
    };
    let at = |port: u16| match attached {
        Some(attached) => within(attached, port),
        None => at_port(open(settings, mainline), port),
    };
    match settings.bind {
        Bind::Loopback { port } => bind(loopback(port)?).await,
        Bind::Any => match bind(at(usual_port(&secret))?).await {
            Ok(endpoint) => Ok(endpoint),
            Err(_) => bind(at(0)?).await,
        },
    }
}

fn open(settings: &Settings, mainline: Option<&Mainline>) -> Builder {
    let builder = match settings.reach() {
        // As the preset has it, but for the tags of rooms.
        Reach::Public { .. } => Endpoint::builder(presets::N0)
            .clear_address_lookup()
            .address_lookup(Publishing(PkarrPublisher::n0_dns()))
            .address_lookup(PkarrResolver::n0_dns())
            .address_lookup(DnsAddressLookup::n0_dns()),
        Reach::Relays { relays, .. } => {
            let relays = RelayMode::custom(relays.into_iter().map(|Relay(url)| url));
            Endpoint::builder(presets::Minimal).relay_mode(relays)
        }
        Reach::Direct { dht: true } => alone(),
        Reach::Direct { dht: false } | Reach::Lan | Reach::Machine => return alone(),
    };
    let builder = builder.dns_resolver(resolver::patient()).ca_tls_config(trusted());
    mainline.into_iter().cloned().fold(builder, Builder::address_lookup)
}

/// Who may vouch for a relay: those whom browsers trust, and those whom this system trusts, such as an authority of
/// one's own. A system may have no list, so the first is inside of the program.
fn trusted() -> CaTlsConfig {
    CaTlsConfig::embedded().with_extra_roots(rustls_native_certs::load_native_certs().certs)
}

/// Without relays, look-ups or publishing.
fn alone() -> Builder {
    Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled)
}

/// Binds the addresses of this machine in these networks. None of the sockets is a default route, so what is addressed
/// beyond the networks is dropped. A port mapper would open the router for others.
fn within(attached: &Attached, port: u16) -> Result<Builder, Error> {
    let builder = alone().portmapper_config(PortmapperConfig::Disabled).clear_ip_transports();
    attached.own().into_iter().try_fold(builder, |builder, (own, shared)| {
        let opts = BindOpts::default().set_prefix_len(shared as u8).set_is_default_route(false);
        // An IPv6 address that the system still tests cannot be bound.
        let opts = opts.set_is_required(own.is_ipv4());
        builder.bind_addr_with_opts((own, port), opts).map_err(|error| Error::Bind { why: error.to_string() })
    })
}

fn loopback(port: u16) -> Result<Builder, Error> {
    alone()
        .portmapper_config(PortmapperConfig::Disabled)
        .clear_ip_transports()
        .bind_addr((loopback_addr(), port))
        .map_err(|error| Error::Bind { why: error.to_string() })
}

/// The loopback address of this machine: that of IPv6 if there is no IPv4.
fn loopback_addr() -> IpAddr {
    match UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) {
        Ok(_) => Ipv4Addr::LOCALHOST.into(),
        Err(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

/// Binds every network of either family, as far as the machine has it.
fn at_port(builder: Builder, port: u16) -> Result<Builder, Error> {
    let failed = |error: InvalidSocketAddr| Error::Bind { why: error.to_string() };
    let optional = BindOpts::default().set_is_required(false);
    let builder = builder.clear_ip_transports().bind_addr(("0.0.0.0", port)).map_err(failed)?;
    builder.bind_addr_with_opts(("::", port), optional).map_err(failed)
}

/// The port that a node takes when it is free. It is the same each time, so that old tickets and contacts stay good:
/// below the ports that systems hand out, above those of services.
fn usual_port(secret: &SecretKey) -> u16 {
    let [high, low, ..] = *secret.public().as_bytes();
    22_000 + u16::from_be_bytes([high, low]) % 10_000
}

/// Lets a connection on which a room is shared carry bulk answers and files, and as much at once as a fast network
/// takes.
pub(crate) fn widen(connection: &Connection) {
    connection.set_max_concurrent_bi_streams(VarInt::from_u32(PAIRED_STREAMS));
    connection.set_max_concurrent_uni_streams(VarInt::from_u32(BULK_STREAMS));
    connection.set_receive_window(VarInt::from_u32(WINDOW_BYTES));
}

/// Transport settings. A packet without an answer is sent again after three of these first round trips.
///
/// # Errors
/// [`Error::Bind`] when QUIC does not allow the bounds.
pub(crate) fn transport(first_round_trip: Duration) -> Result<QuicTransportConfig, Error> {
    let idle = IdleTimeout::try_from(IDLE).map_err(|error| Error::Bind { why: error.to_string() })?;
    Ok(QuicTransportConfig::builder()
        .initial_rtt(first_round_trip)
        .keep_alive_interval(KEEP_ALIVE)
        .default_path_keep_alive_interval(KEEP_ALIVE)
        .max_idle_timeout(Some(idle))
        .default_path_max_idle_timeout(IDLE)
        .congestion_controller_factory(Arc::new(Larger::default()))
        // A stranger may open one stream each way: the live stream, or that of an answer about rooms nearby.
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(1))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(STRANGER_WINDOW_BYTES))
        .send_window(u64::from(WINDOW_BYTES))
        .datagram_receive_buffer_size(None)
        .build())
}
