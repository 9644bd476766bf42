//! Files over data connections of ftp, and when they are announced. The answers are those of vsftpd 3.0.3, ProFTPD
//! 1.3.8 and Pure-FTPd 1.0.50 of Debian 12 to the same client.

use netsvc_kit::{
    Serve, Session,
    testing::{host, link, persona, stage},
};
use netsvc_persona::Product;
use netsvc_proto::services::ftp::SERVICE;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

struct Client {
    control: TcpStream,
    folder: tempfile::TempDir,
}

impl Client {
    async fn connect(name: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut persona = persona("web-01");
        persona.passive_ports = (50_000, 59_000);
        let text = |text: &str| text.to_owned();
        let product = Product { name: text(name), version: String::new(), packaging: text("Debian") };
        persona.products.insert(text("ftp"), product);
        let stage = stage(folder.path());
        // A server says which services there are.
        let _server = netsvc_kit::server::Server::new(stage.clone(), &netsvc_catalogue::ALL);
        let host = host(&stage, persona, "ftp", settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let control = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, from) = listener.accept().await.unwrap();
        let mut link = link(21);
        (link.peer, link.local) = (from, stream.local_addr().unwrap());
        let session = Session::begin(stream, host, link, SERVICE.idle, None);
        if let Serve::Task(task) = SERVICE.serve {
            tokio::spawn(task(session));
        }
        let mut client = Client { control, folder };
        client.reply().await;
        client
    }

    /// The next reply; empty when none comes.
    async fn reply(&mut self) -> String {
        let mut text = Vec::new();
        let mut piece = [0; 4096];
        loop {
            match timeout(Duration::from_millis(400), self.control.read(&mut piece)).await {
                Ok(Ok(count)) if count > 0 => text.extend_from_slice(piece.get(..count).unwrap()),
                _ => return String::from_utf8(text).unwrap(),
            }
            let shown = String::from_utf8_lossy(&text);
            let last = shown.trim_end().lines().last().unwrap_or_default();
            if shown.ends_with('\n') && last.as_bytes().get(3) == Some(&b' ') {
                return shown.into_owned();
            }
        }
    }

    async fn command(&mut self, line: &str) -> String {
        self.control.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }

    async fn check(&mut self, line: &str, expected: &str) {
        let reply = self.command(line).await;
        assert_eq!(reply.trim_end(), expected, "{line}");
    }

    async fn passive(&mut self) -> u16 {
        let reply = self.command("EPSV").await;
        reply.split('|').nth(3).unwrap().parse().unwrap()
    }

    /// Lists or retrieves.
    async fn fetch(&mut self, line: &str) -> String {
        let mut data = TcpStream::connect(("127.0.0.1", self.passive().await)).await.unwrap();
        assert!(self.command(line).await.starts_with("1"), "{line}");
        let mut text = String::new();
        data.read_to_string(&mut text).await.unwrap();
        assert!(self.reply().await.starts_with("2"), "{line}");
        text
    }
}

/// FTP-02: what is put there is there afterwards.
async fn check_upload(client: &mut Client, announced: &str) {
    client.command("TYPE I").await;
    let port = client.passive().await;
    client.check("STOR up1", "").await;
    let mut data = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    assert_eq!(client.reply().await.trim_end(), announced);
    data.write_all(b"abc").await.unwrap();
    drop(data);
    assert!(client.reply().await.starts_with("226"));
    client.check("SIZE up1", "213 3").await;
    assert!(client.command("MDTM up1").await.starts_with("213 20"));
    assert!(client.fetch("LIST").await.contains(" up1\r\n"));
    assert_eq!(client.fetch("RETR up1").await, "abc");
    assert!(client.folder.path().is_dir());
}

#[tokio::test]
async fn ftp_02_an_upload_is_announced_when_the_connection_is_there_and_stays() {
    for (name, announced) in [
        ("vsftpd", "150 Ok to send data."),
        ("ProFTPD", "150 Opening BINARY mode data connection for up1"),
        ("Pure-FTPd", "150 Accepted data connection"),
    ] {
        let mut client = Client::connect(name, &[]).await;
        client.command("USER root").await;
        assert!(client.command("PASS toor").await.starts_with("230"), "{name}");
        client.command("CWD /tmp").await;
        check_upload(&mut client, announced).await;
    }
}

#[tokio::test]
async fn ftp_03_anonymous_is_let_in_as_each_server_does_it_and_finds_what_it_put_there() {
    let mut vsftpd = Client::connect("vsftpd", &[("anonymous", "yes")]).await;
    vsftpd.check("USER anonymous", "331 Please specify the password.").await;
    vsftpd.check("PASS a@b", "230 Login successful.").await;
    vsftpd.check("CWD incoming", "250 Directory successfully changed.").await;
    check_upload(&mut vsftpd, "150 Ok to send data.").await;
    vsftpd.check("DELE up1", "550 Permission denied.").await;
    vsftpd.check("MKD x", "550 Permission denied.").await;
    let mut pure = Client::connect("Pure-FTPd", &[("anonymous", "yes")]).await;
    pure.check("USER anonymous", "230 Anonymous user logged in").await;
    pure.check("PASS a@b", "230 Any password will work").await;
    pure.check("CWD incoming", "250 OK. Current directory is /incoming").await;
    check_upload(&mut pure, "150 Accepted data connection").await;
    let mut proftpd = Client::connect("ProFTPD", &[("anonymous", "yes")]).await;
    let taken = "331 Anonymous login ok, send your complete email address as your password";
    proftpd.check("USER anonymous", taken).await;
    proftpd.check("PASS a@b", "230 Anonymous access granted, restrictions apply").await;
    proftpd.check("CWD incoming", "250 CWD command successful").await;
    check_upload(&mut proftpd, "150 Opening BINARY mode data connection for up1").await;
    proftpd.check("DELE up1", "250 DELE command successful").await;
}

#[tokio::test]
async fn ftp_03_anonymous_is_refused_by_default() {
    for (name, expected) in [
        ("vsftpd", "530 Login incorrect."),
        ("ProFTPD", "530 Login incorrect."),
        ("Microsoft FTP Service", "530 User cannot log in."),
    ] {
        let mut client = Client::connect(name, &[]).await;
        assert!(client.command("USER anonymous").await.starts_with("331"), "{name}");
        client.check("PASS a@b", expected).await;
    }
    let mut pure = Client::connect("Pure-FTPd", &[]).await;
    pure.check("USER anonymous", "530 This is a private system - No anonymous login").await;
}
