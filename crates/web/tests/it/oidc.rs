//! Logging in by an OpenID provider, which is made up here and answers on loopback.

use crate::client::{Client, PASSWORD};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use decnet_web::{Oidc, OidcSettings};
use parking_lot::Mutex;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;

/// What the provider does.
struct Script {
    key: EcdsaKeyPair,
    /// The name that the set of keys has for it.
    known_as: String,
    /// A key of OpenSSL's beside it, for tokens that say so.
    rsa: Option<Rsa>,
    head: Value,
    claims: Value,
    /// What was asked at the token endpoint: the header and the form.
    asked: Vec<(String, BTreeMap<String, String>)>,
    sets: usize,
}

#[derive(Clone)]
struct Provider {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

fn fresh_key() -> EcdsaKeyPair {
    let (of, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(of, pkcs8.as_ref(), &random).unwrap()
}

/// The value of a header.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Names and values of a form or of what stands behind a `?`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let script = Script {
            key: fresh_key(),
            known_as: "k1".to_owned(),
            rsa: None,
            head: json!({"alg": "ES256", "kid": "k1"}),
            claims: json!({}),
            asked: Vec::new(),
            sets: 0,
        };
        let provider =
            Provider { address: listener.local_addr().unwrap(), script: Arc::new(Mutex::new(script)) };
        let serving = provider.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(socket));
            }
        });
        provider
    }

    fn issuer(&self) -> String {
        format!("http://{}/realms/blue", self.address)
    }

    async fn answer(self, mut socket: TcpStream) {
        let mut text = String::new();
        let mut piece = [0; 4096];
        loop {
            let count = socket.read(&mut piece).await.unwrap();
            text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = value(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if length <= body.len() {
                break;
            }
        }
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let said = self.said(head, body).to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        let answer = format!("{head}\r\nContent-Length: {}\r\n\r\n{said}", said.len());
        socket.write_all(answer.as_bytes()).await.unwrap();
    }

    fn said(&self, head: &str, body: &str) -> Value {
        let path = head.split(' ').nth(1).unwrap();
        let issuer = self.issuer();
        let mut script = self.script.lock();
        match path {
            "/realms/blue/.well-known/openid-configuration" => json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/auth?tenant=1"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
                "end_session_endpoint": format!("{issuer}/logout"),
            }),
            "/realms/blue/keys" => {
                script.sets += 1;
                let point = script.key.public_key().as_ref().to_vec();
                let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
                let mut keys = vec![
                    json!({"kty": "oct", "kid": "k1", "k": "AAAA"}),
                    json!({"kty": "EC", "crv": "P-256", "kid": script.known_as, "x": part(1..33), "y": part(33..65)}),
                ];
                keys.extend(script.rsa.as_ref().map(|rsa| rsa.public.clone()));
                json!({ "keys": keys })
            }
            "/realms/blue/token" => {
                script.asked.push((value(head, "authorization").unwrap_or_default().to_owned(), pairs(body)));
                json!({"access_token": "x", "token_type": "Bearer", "id_token": signed(&script)})
            }
            other => json!({"error": other}),
        }
    }
}

fn signed(script: &Script) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&script.head), part(&script.claims));
    let algorithm = script.head["alg"].as_str().unwrap();
    let mac = match (algorithm, &script.rsa) {
        ("none", _) => Vec::new(),
        ("RS256" | "PS256", Some(rsa)) => rsa.sign(algorithm, &text),
        _ => script.key.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec(),
    };
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// A key that OpenSSL has made and signs with: what it says is not what our own library says of itself.
struct Rsa {
    _folder: tempfile::TempDir,
    file: PathBuf,
    public: Value,
}

impl Rsa {
    /// A key that the provider calls `id` and has for `only`, or for whatever fits.
    fn new(id: &str, only: Option<&str>) -> Rsa {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out"], &file, b"");
        let modulus = String::from_utf8(openssl(&["rsa", "-noout", "-modulus", "-in"], &file, b"")).unwrap();
        let modulus = hex::decode(modulus.trim().strip_prefix("Modulus=").unwrap()).unwrap();
        let mut public =
            json!({"kty": "RSA", "use": "sig", "kid": id, "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB"});
        if let Some(only) = only {
            public["alg"] = json!(only);
        }
        Rsa { _folder: folder, file, public }
    }

    fn sign(&self, algorithm: &str, text: &str) -> Vec<u8> {
        let pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"];
        let padding: &[&str] = if algorithm == "PS256" { &pss } else { &[] };
        openssl(&[&["dgst", "-sha256", "-binary"], padding, &["-sign"]].concat(), &self.file, text.as_bytes())
    }
}

fn openssl(words: &[&str], file: &Path, input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(words).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl is needed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {words:?}");
    output.stdout
}

/// An interface whose people log in by `issuer`.
async fn interface(issuer: String) -> Client {
    let client = Client::new().await;
    let oidc = Oidc::new(OidcSettings {
        issuer,
        client_id: "decnet".to_owned(),
        client_secret: "s e:cret".to_owned(),
        scopes: "openid groups".to_owned(),
        name_claim: "preferred_username".to_owned(),
        role_claim: "groups".to_owned(),
        roles: "admin=leads,analyst=team".parse().unwrap(),
        dashboard: "https://decnet.lan:8080/".to_owned(),
        authorities: None,
    });
    client.state.log_in_by(oidc.unwrap());
    client
}

/// Asks as a browser does: where it is sent, and what it is to keep.
async fn browse(client: &Client, path: &str, cookie: &str) -> (StatusCode, String, String) {
    let request =
        Request::builder().uri(path).header(header::HOST, "localhost").header(header::COOKIE, cookie);
    let answer = client.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let text = |name| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    (answer.status(), text(header::LOCATION), text(header::SET_COOKIE))
}

/// Begins a login: what the provider is asked, and the cookie.
async fn begun(client: &Client) -> (BTreeMap<String, String>, String) {
    let (status, location, cookie) = browse(client, "/api/v1/login/oidc", "").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{location}");
    let kept = cookie.split(';').next().unwrap().to_owned();
    for wanted in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/api/v1/login/oidc", "Max-Age=600"] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    (pairs(location.split_once('?').expect("parameters").1), kept)
}

/// Claims that are good for a login.
fn good(provider: &Provider, asked: &BTreeMap<String, String>) -> Value {
    let now = netsvc_wire::stamp::now() / 1_000_000;
    json!({
        "iss": provider.issuer(), "aud": "decnet", "exp": now + 300, "iat": now, "nonce": asked["nonce"],
        "sub": "4711", "preferred_username": "eve", "groups": ["team", "others"],
    })
}

async fn ended(client: &Client, asked: &BTreeMap<String, String>, kept: &str) -> String {
    let path = format!("/api/v1/login/oidc/return?state={}&code=c0de&session_state=x", asked["state"]);
    let (status, location, cookie) = browse(client, &path, &format!("other=1; {kept}")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(cookie.contains("decnet_login=;") && cookie.contains("Max-Age=0"), "it is forgotten: {cookie}");
    location
}

/// One login from its beginning to its end, with claims that `change` makes of good ones.
async fn login(client: &Client, provider: &Provider, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let (asked, kept) = begun(client).await;
    {
        let mut script = provider.script.lock();
        let (mut head, mut claims) =
            (json!({"alg": "ES256", "kid": script.known_as}), good(provider, &asked));
        change(&mut head, &mut claims);
        (script.head, script.claims) = (head, claims);
    }
    ended(client, &asked, &kept).await
}

#[tokio::test]
async fn who_is_known_there_is_let_in_once_with_his_role() {
    let provider = Provider::start().await;
    let mut client = interface(provider.issuer()).await;
    let ways = client.get("/login/ways").await.body;
    assert_eq!(ways, json!({"provider": "127.0.0.1"}));
    let (asked, kept) = begun(&client).await;
    assert_eq!(asked["redirect_uri"], "https://decnet.lan:8080/api/v1/login/oidc/return");
    assert_eq!(
        (&*asked["scope"], &*asked["code_challenge_method"], &*asked["tenant"]),
        ("openid groups", "S256", "1")
    );
    provider.script.lock().claims = good(&provider, &asked);
    let location = ended(&client, &asked, &kept).await;
    let secret = location.strip_prefix("/login#link=").expect(&location).to_owned();
    let body = json!({"link": secret}).to_string();
    let answer = client.send(Method::POST, "/api/v1/login/link", body.clone()).await;
    let who = (answer.body["user"].as_str(), answer.body["role"].as_str());
    assert_eq!((answer.status, who), (StatusCode::OK, (Some("eve"), Some("analyst"))));
    let again = client.send(Method::POST, "/api/v1/login/link", body).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    client.token = answer.body["token"].as_str().unwrap().to_owned();
    assert_eq!(client.get("/me/sessions").await.body[0]["kind"], "oidc");
    assert_eq!(client.login("eve", "$oidc$").await.status, StatusCode::UNAUTHORIZED);
    // The provider was shown who we are, and what the login began with.
    let (authorization, form) = provider.script.lock().asked[0].clone();
    assert_eq!(authorization, "Basic ZGVjbmV0OnMlMjBlJTNBY3JldA==");
    assert_eq!((&*form["grant_type"], &*form["code"]), ("authorization_code", "c0de"));
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
    assert_eq!(challenge, asked["code_challenge"]);
    // The role is what it is there at each login.
    login(&client, &provider, |_, claims| claims["groups"] = json!("leads")).await;
    assert_eq!(client.get("/me").await.body["role"], "admin");
    let (status, location, _) = browse(&client, "/api/v1/login/oidc/logout", "").await;
    let back = "client_id=decnet&post_logout_redirect_uri=https%3A%2F%2Fdecnet.lan%3A8080%2Flogin";
    assert_eq!((status, location), (StatusCode::SEE_OTHER, format!("{}/logout?{back}", provider.issuer())));
}

#[tokio::test]
async fn a_token_that_is_not_for_this_login_lets_nobody_in() {
    let provider = Provider::start().await;
    let client = interface(provider.issuer()).await;
    let past = netsvc_wire::stamp::now() / 1_000_000 - 120;
    for (part, name, value, word) in [
        (1, "nonce", json!("another"), "token"),
        (1, "aud", json!("another"), "token"),
        (1, "iss", json!("https://another.example"), "token"),
        (1, "exp", json!(past), "token"),
        (0, "alg", json!("none"), "token"),
        (0, "alg", json!("HS256"), "token"),
        (0, "kid", json!("unknown"), "token"),
        (1, "sub", json!(""), "token"),
        (1, "groups", json!(["others"]), "role"),
        (1, "preferred_username", json!("admin"), "taken"),
        (1, "preferred_username", json!("eve\u{202e}"), "name"),
        (1, "preferred_username", Value::Null, "name"),
    ] {
        let shown = value.clone();
        let location = login(&client, &provider, |head, claims| {
            let changed = if part == 0 { head } else { claims };
            changed[name] = value;
        });
        assert_eq!(location.await, format!("/login#denied={word}"), "{name} {shown}");
    }
    assert!(provider.script.lock().sets <= 2, "an unknown key is not looked for again and again");
    assert_eq!(client.store.user_list().await.unwrap().len(), 1, "nobody was made");
}

#[tokio::test]
async fn a_login_ends_in_the_browser_where_it_began() {
    let provider = Provider::start().await;
    let client = interface(provider.issuer()).await;
    let (asked, kept) = begun(&client).await;
    provider.script.lock().claims = good(&provider, &asked);
    let (other, others) = begun(&client).await;
    for (asked, kept) in [(&asked, ""), (&asked, &*others), (&other, &*kept), (&asked, "decnet_login=x.y")] {
        assert_eq!(ended(&client, asked, kept).await, "/login#denied=state");
    }
    let refused = browse(&client, "/api/v1/login/oidc/return?error=access_denied&state=x", &kept).await;
    assert_eq!(refused.1, "/login#denied=provider");
    assert_eq!(provider.script.lock().asked.len(), 0, "the provider was not asked");
    assert!(ended(&client, &asked, &kept).await.starts_with("/login#link="));
}

#[tokio::test]
async fn new_keys_of_the_provider_are_found() {
    let provider = Provider::start().await;
    let client = interface(provider.issuer()).await;
    assert!(login(&client, &provider, |_, _| {}).await.starts_with("/login#link="));
    {
        let mut script = provider.script.lock();
        (script.key, script.known_as) = (fresh_key(), "k2".to_owned());
    }
    assert!(login(&client, &provider, |_, _| {}).await.starts_with("/login#link="));
    assert_eq!(provider.script.lock().sets, 2);
}

#[tokio::test]
async fn rsa_signatures_of_openssl_are_believed_and_whatever_is_wrong_with_them_is_not() {
    let provider = Provider::start().await;
    let client = interface(provider.issuer()).await;
    let past = netsvc_wire::stamp::now() / 1_000_000 - 120;
    let of = |algorithm: &str, id: &str| json!({"alg": algorithm, "kid": id});
    provider.script.lock().rsa = Some(Rsa::new("r1", None));
    for algorithm in ["RS256", "PS256"] {
        let location = login(&client, &provider, |head, _| *head = of(algorithm, "r1")).await;
        assert!(location.starts_with("/login#link="), "{algorithm}: {location}");
        for (name, value) in [
            ("aud", json!("another")),
            ("aud", json!(["decnet", "another"])),
            ("iss", json!("https://another.example")),
            ("nonce", json!("another")),
            ("exp", json!(past)),
            ("exp", Value::Null),
        ] {
            let shown = value.clone();
            let location = login(&client, &provider, |head, claims| {
                (*head, claims[name]) = (of(algorithm, "r1"), value);
            });
            assert_eq!(location.await, "/login#denied=token", "{algorithm} {name} {shown}");
        }
    }
    // Another key under the same name, and a new one under a new name, which is looked for.
    let known = provider.script.lock().rsa.replace(Rsa::new("r1", None));
    let location = login(&client, &provider, |head, _| *head = of("RS256", "r1")).await;
    assert_eq!(location, "/login#denied=token", "it was signed by a key that is not known by this name");
    drop(known);
    provider.script.lock().rsa = Some(Rsa::new("r2", Some("PS256")));
    let location = login(&client, &provider, |head, _| *head = of("PS256", "r2")).await;
    assert!(location.starts_with("/login#link="), "{location}");
    let location = login(&client, &provider, |head, _| *head = of("RS256", "r2")).await;
    assert_eq!(location, "/login#denied=token", "the key is for another algorithm");
    // A signature of one kind in the name of the other.
    let swapped = login(&client, &provider, |head, _| *head = of("ES256", "r2")).await;
    assert_eq!(swapped, "/login#denied=token");
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way_and_one_that_is_away_is_told() {
    let client = Client::new().await;
    assert_eq!(client.get("/login/ways").await.body, json!({"provider": null}));
    for path in ["/api/v1/login/oidc", "/api/v1/login/oidc/return"] {
        assert_eq!(client.status(Method::GET, path).await, StatusCode::NOT_FOUND);
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = interface(format!("http://{gone}")).await;
    assert_eq!(browse(&client, "/api/v1/login/oidc", "").await.1, "/login#denied=away");
    assert_eq!(client.login("admin", PASSWORD).await.status, StatusCode::OK, "passwords go on");
    // Somebody else may not speak for it.
    let provider = Provider::start().await;
    let client = interface(format!("http://{}/realms/blue/", provider.address)).await;
    assert_eq!(browse(&client, "/api/v1/login/oidc", "").await.1, "/login#denied=away");
}
