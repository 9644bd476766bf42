//! A web server behind TLS with its clients: what they see in both versions of HTTP, and what is stored.

use crate::fleet::{Fleet, client, have, printed};

#[test]
fn https_tells_the_story_of_http_in_both_versions() {
    if !have("curl", "curl") || !have("openssl", "openssl") {
        return;
    }
    let fleet = Fleet::deploy_config(
        95,
        "[general]\nnet = 127.95.0.0/16\n\n[web]\nip = 127.95.1.0\nlogin = accept-after=1\n\
         services = http, https\ndistro = debian\n\n[web.http]\ntitle = One Story\napp = wordpress\n\n\
         [web.https]\nhttp2 = yes\n",
    );
    let ip = fleet.ip(0);
    let get = |more: &[&str], url: &str| {
        let mut arguments = vec!["-ski", "--max-time", "40"];
        arguments.extend(more);
        arguments.push(url);
        printed(&client("curl", &arguments))
    };
    let server = |page: &str| {
        let line = page.lines().find(|line| line.to_ascii_lowercase().starts_with("server: "));
        line.map(|line| line.split_at("server: ".len()).1.to_owned()).unwrap_or_else(|| panic!("{page}"))
    };
    let clear = get(&[], &format!("http://{ip}:10080/"));
    let secure = format!("https://{ip}:10443");
    let first = get(&["--http1.1"], &format!("{secure}/"));
    let second = get(&["--http2"], &format!("{secure}/"));
    assert!(first.starts_with("HTTP/1.1 200") && second.starts_with("HTTP/2 200"), "{first}\n{second}");
    for page in [&clear, &first, &second] {
        assert_eq!(server(page), server(&clear));
        assert!(page.contains("One Story"), "{page}");
    }
    assert!(second.contains("https://") && !second.contains("http://127."), "{second}");

    let form = ["--http2", "--data", "log=admin&pwd=Sommer-2026"];
    get(&form, &format!("{secure}/wp-login.php"));
    let attempt = fleet.wait_for_text("auth_attempt", "secret_printable", "Sommer-2026");
    assert_eq!(attempt["service"], "https", "{attempt:#}");
    let seen = fleet.wait_for("client_fingerprint", |events| {
        let found = events.iter().find_map(|event| event["fields"]["http2_fingerprint"].as_str());
        found.map(str::to_owned)
    });
    assert!(seen.ends_with("|m,p,s,a"), "{seen}");
    let told = fleet.wait_for_text("tls_handshake", "alpn", "h2,http/1.1");
    assert!(told["fields"]["ja4"].as_str().unwrap().starts_with("t13"), "{told:#}");

    // Who forgets TLS is told so by nginx and httpd.
    let plain = get(&[], &format!("http://{ip}:10443/"));
    assert!(plain.starts_with("HTTP/1.1 400 Bad Request"), "{plain}");
}
