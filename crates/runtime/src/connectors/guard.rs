//! Which addresses outgoing calls may reach.
//!
//! Invariant: a connection goes only to a public address or to one an administrator allowed; the check is made on the
//! resolved address of every connection, so a name that changes its address between check and use gains nothing.

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// The networks that may be reached.
#[derive(Debug, Clone, Default)]
pub struct AddressGuard {
    allowed: Arc<[IpNet]>,
}

/// The address is in a network that may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` lies in a network that outgoing calls may not reach")]
pub struct ForbiddenAddress {
    /// The host as the URL names it.
    pub host: String,
}

impl AddressGuard {
    /// Public addresses, and those of `allowed`.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed: allowed.into() }
    }

    /// Whether a connection to `ip` may be made.
    pub fn permits(&self, ip: IpAddr) -> bool {
        let plain = unmapped(ip);
        is_public(plain) || self.allowed.iter().any(|net| net.contains(&plain) || net.contains(&ip))
    }

    /// Checks a URL whose host is an address; names are checked when they are resolved.
    pub fn check_literal(&self, url: &Url) -> Result<(), ForbiddenAddress> {
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        if self.permits(ip) { Ok(()) } else { Err(ForbiddenAddress { host: ip.to_string() }) }
    }
}

/// A resolver that gives only permitted addresses.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver(pub(super) AddressGuard);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found = tokio::net::lookup_host((host.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found.filter(|a| guard.permits(a.ip())).collect();
            if permitted.is_empty() {
                return Err(ForbiddenAddress { host }.into());
            }
            let addresses: Addrs = Box::new(permitted.into_iter());
            Ok(addresses)
        })
    }
}

/// The IPv4 address that an IPv6 form carries, for the forms that reach the IPv4 network.
fn unmapped(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let s = v6.segments();
    let tail = |hi: u16, lo: u16| {
        let ([a, b], [c, d]) = (hi.to_be_bytes(), lo.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // ::ffff:a.b.c.d (mapped) and the deprecated ::a.b.c.d; `::` and `::1` stay IPv6.
        [0, 0, 0, 0, 0, 0xffff, hi, lo] => tail(hi, lo),
        [0, 0, 0, 0, 0, 0, hi, lo] if hi != 0 => tail(hi, lo),
        // NAT64 (RFC 6052) and 6to4 (RFC 3056).
        [0x64, 0xff9b, 0, 0, 0, 0, hi, lo] | [0x2002, hi, lo, ..] => tail(hi, lo),
        _ => ip,
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// RFC 6890 and its successors: everything that is not globally reachable.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    // Only 2000::/3 is handed out globally; of it, documentation, benchmarking, ORCHID and Teredo are not hosts.
    let global = s[0] & 0xe000 == 0x2000;
    let special = matches!(s, [0x2001, 0x0db8, ..] | [0x2001, 0..=0x01ff, ..] | [0x3fff, 0..=0x0fff, ..]);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(url: &str, guard: &AddressGuard) -> bool {
        guard.check_literal(&Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        let guard = AddressGuard::default();
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.168.1.1:8080/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://198.18.0.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[2002:7f00:1::]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://[fd12:3456::1]/",
            "http://[ff02::1]/",
            "http://[2001:db8::1]/",
            "http://[2001::1]/",
        ] {
            assert!(!literal(url, &guard), "{url} must be refused");
        }
        for url in ["http://93.184.216.34/", "https://[2606:2800:220:1::1]/", "http://172.32.0.1/", "http://11.0.0.1/"]
        {
            assert!(literal(url, &guard), "{url} must be allowed");
        }
    }

    #[test]
    fn an_administrator_may_allow_networks() {
        let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for url in ["http://127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://[fd00::5]/"] {
            assert!(literal(url, &guard), "{url} must be allowed");
        }
        assert!(!literal("http://10.0.0.1/", &guard));
    }

    #[tokio::test]
    async fn names_that_lead_inside_are_refused() {
        use std::str::FromStr;
        let refused = GuardedResolver(AddressGuard::default()).resolve(Name::from_str("localhost").unwrap()).await;
        assert!(refused.is_err_and(|e| e.downcast_ref::<ForbiddenAddress>().is_some()));
        let local = AddressGuard::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        let found = GuardedResolver(local).resolve(Name::from_str("localhost").unwrap()).await;
        assert!(found.is_ok_and(|mut a| a.next().is_some()));
    }
}
