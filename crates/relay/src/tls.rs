//! The certificate: from files, or from an ACME server, such as Let's Encrypt.

use std::{net::SocketAddr, sync::Arc};

use iroh_relay::{
    server::{AcmeConfig, CertConfig, DEFAULT_CERT_RELOAD_INTERVAL, TlsConfig, reloading_resolver},
    tls::CaTlsConfig,
};
use rustls::crypto::ring;

use crate::{Args, Failure};

/// TLS at this address; `None` without a certificate.
///
/// # Errors
/// When the files do not hold a certificate and its key.
pub(crate) async fn config(args: &Args, at: SocketAddr) -> Result<Option<TlsConfig>, Failure> {
    let provider = Arc::new(ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure { what: error.to_string(), help: "this is a mistake of the program" })?
        .with_no_client_auth();
    let cert = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => {
            let read = reloading_resolver(&provider, cert.clone(), key.clone(), DEFAULT_CERT_RELOAD_INTERVAL).await;
            let resolver = read.map_err(|error| Failure {
                what: format!("{} and {}: {error:#}", cert.display(), key.display()),
                help: "both must be PEM, and readable for this user",
            })?;
            CertConfig::Manual { server_config: builder.with_cert_resolver(resolver) }
        }
        _ if args.acme.is_empty() => return Ok(None),
        _ => {
            let contact = args.contact.iter().map(|mail| format!("mailto:{mail}")).collect();
            let acme = match &args.acme_directory {
                Some(url) => AcmeConfig::new(url.to_string()).tls_config(
                    CaTlsConfig::embedded().with_extra_roots(rustls_native_certs::load_native_certs().certs),
                ),
                None => AcmeConfig::letsencrypt(true),
            };
            let acme = acme.domains(args.acme.clone()).contact(contact);
            let acme_config = args.state.iter().fold(acme, |acme, dir| acme.cache_path(dir.clone()));
            CertConfig::LetsEncrypt { acme_config, server_config_builder: builder }
        }
    };
    Ok(Some(TlsConfig::new(at, cert)))
}
