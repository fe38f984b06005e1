//! The QUIC endpoint: which presets, sockets and transport settings.

use std::{sync::Arc, time::Duration};

use iroh::{
    Endpoint, RelayMode, SecretKey,
    endpoint::{Builder, IdleTimeout, PortmapperConfig, QuicTransportConfig, VarInt, presets},
};
use noq_proto::congestion::Bbr3Config;

use crate::{
    door::ALPN,
    error::Error,
    limits::{BULK_STREAMS, STREAM_WINDOW_BYTES, WINDOW_BYTES},
    link::{IDLE, KEEP_ALIVE},
    settings::{Bind, Settings},
};

/// Binds the sockets that `settings` ask for.
///
/// # Errors
/// [`Error::Bind`] when the system refuses them.
pub(crate) async fn bind(settings: &Settings, secret: SecretKey) -> Result<Endpoint, Error> {
    let builder = match settings.bind {
        Bind::Loopback { port } => loopback(port)?,
        Bind::Any if settings.relay => Endpoint::builder(presets::N0),
        Bind::Any => Endpoint::builder(presets::Minimal).relay_mode(RelayMode::Disabled),
    };
    let builder = builder.secret_key(secret).alpns(vec![ALPN.to_vec()]).transport_config(transport()?);
    builder.bind().await.map_err(|error| Error::Bind { why: error.to_string() })
}

fn loopback(port: u16) -> Result<Builder, Error> {
    Endpoint::builder(presets::Minimal)
        .relay_mode(RelayMode::Disabled)
        .portmapper_config(PortmapperConfig::Disabled)
        .clear_ip_transports()
        .bind_addr(("127.0.0.1", port))
        .map_err(|error| Error::Bind { why: error.to_string() })
}

/// With the default initial round trip of 333 ms a lost first packet costs a second. With the default
/// congestion controller a stream at 1-2 % loss carries a twelfth of what it does with this one.
fn transport() -> Result<QuicTransportConfig, Error> {
    let idle = IdleTimeout::try_from(IDLE).map_err(|error| Error::Bind { why: error.to_string() })?;
    Ok(QuicTransportConfig::builder()
        .initial_rtt(Duration::from_millis(100))
        .keep_alive_interval(KEEP_ALIVE)
        .default_path_keep_alive_interval(KEEP_ALIVE)
        .max_idle_timeout(Some(idle))
        .default_path_max_idle_timeout(IDLE)
        .congestion_controller_factory(Arc::new(Bbr3Config::default()))
        .max_concurrent_bidi_streams(VarInt::from_u32(1))
        .max_concurrent_uni_streams(VarInt::from_u32(BULK_STREAMS))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(WINDOW_BYTES))
        .send_window(u64::from(WINDOW_BYTES))
        .datagram_receive_buffer_size(None)
        .build())
}
