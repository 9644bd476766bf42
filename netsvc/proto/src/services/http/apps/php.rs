//! WordPress and phpMyAdmin.

use super::{Visit, document, fresh, icon, welcome};
use crate::services::http::{html::escape, product::Family, response::Response};
use netsvc_kit::Out;

/// Version that the WordPress pages show.
const WORDPRESS: &str = "6.4.3";
/// Version that the phpMyAdmin pages show.
const PHPMYADMIN: &str = "5.2.1";

/// WordPress.
pub fn wordpress(visit: &Visit<'_>, out: &mut Out) -> Option<Response> {
    let base = visit.base();
    let at = visit.installed();
    Some(match visit.request.path.as_str() {
        "/" | "/index.php" => front(visit, &base),
        "/wp-login.php" => login(visit, &base, out),
        "/wp-admin" => Response::standard(301).with("Location", format!("{base}/wp-admin/")),
        "/wp-admin/" | "/wp-admin/index.php" | "/wp-admin/plugin-install.php" => dashboard(visit, &base),
        "/xmlrpc.php" => xmlrpc(visit, out),
        "/wp-json/" | "/wp-json" => json(format!(
            "{{\"name\":\"{}\",\"description\":\"\",\"url\":\"{base}\",\"home\":\"{base}\",\"gmt_offset\":\"0\",\
             \"namespaces\":[\"oembed/1.0\",\"wp/v2\",\"wp-site-health/v1\"],\"authentication\":[],\"routes\":{{}}}}",
            visit.title()
        )),
        "/wp-json/wp/v2/users" | "/wp-json/wp/v2/users/" => users(visit, &base),
        "/robots.txt" => php(Response::page(
            200,
            "text/plain; charset=utf-8",
            format!(
                "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\nSitemap: {base}/wp-sitemap.xml\n"
            ),
        )),
        "/readme.html" => {
            let body = format!("<h1>WordPress</h1>\n<p>Version {WORDPRESS}</p>");
            Response::file("text/html", document("WordPress &rsaquo; ReadMe", &body), at)
        }
        "/license.txt" => Response::file("text/plain", "WordPress - Web publishing software\n", at),
        "/wp-includes/css/dashicons.min.css" | "/wp-admin/css/login.min.css" => {
            Response::file("text/css", "body{background:#f0f0f1;color:#3c434a}\n", at)
        }
        "/favicon.ico" => Response::redirect(format!("{base}/wp-includes/images/w-logo-blue-white-bg.png"))
            .with("X-Redirect-By", "WordPress"),
        "/wp-admin/admin-ajax.php" => php(Response::html(400, "0")),
        "/wp-cron.php" => php(Response::html(200, "")),
        "/wp-content/" | "/wp-content/plugins/" => php(Response::html(200, "")),
        "/wp-includes/" | "/wp-content/uploads/" => Response::standard(403),
        "/wp-config.php" => php(Response::html(200, "")),
        path if path.ends_with(".php") && visit.server.family != Family::Apache => {
            php(Response::page(404, "text/html; charset=UTF-8", "File not found.\n"))
        }
        // What is no file is for WordPress (`try_files`, `.htaccess`).
        _ => missing(visit, &base),
    })
}

fn php(response: Response) -> Response {
    response.with("X-Powered-By", "PHP/8.2.18")
}

fn json(text: String) -> Response {
    php(Response::page(200, "application/json; charset=UTF-8", text)).with("X-Robots-Tag", "noindex")
}

fn front(visit: &Visit<'_>, base: &str) -> Response {
    let title = escape(&visit.title());
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<meta charset=\"UTF-8\" />\n<title>{title}</title>\n\
         <meta name='robots' content='max-image-preview:large' />\n\
         <link rel='stylesheet' id='wp-block-library-css' href='{base}/wp-includes/css/dist/block-library/style.min.css?ver={WORDPRESS}' media='all' />\n\
         <link rel=\"https://api.w.org/\" href=\"{base}/wp-json/\" />\n\
         <link rel=\"EditURI\" type=\"application/rsd+xml\" title=\"RSD\" href=\"{base}/xmlrpc.php?rsd\" />\n\
         <meta name=\"generator\" content=\"WordPress {WORDPRESS}\" />\n</head>\n<body class=\"home blog wp-embed-responsive\">\n\
         <header><h1 class=\"wp-block-site-title\"><a href=\"{base}\">{title}</a></h1></header>\n\
         <main><article><h2><a href=\"{base}/2024/07/hello/\">Hello</a></h2><p>This site is being rebuilt.</p></article></main>\n\
         <footer>Proudly powered by <a href=\"https://wordpress.org\">WordPress</a></footer>\n</body>\n</html>\n"
    );
    php(Response::html(200, page)).with("Link", format!("<{base}/wp-json/>; rel=\"https://api.w.org/\""))
}

/// The theme's page for what there is not.
fn missing(visit: &Visit<'_>, base: &str) -> Response {
    let title = escape(&visit.title());
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<meta charset=\"UTF-8\" />\n<title>Page not found &#8211; \
         {title}</title>\n<meta name='robots' content='max-image-preview:large' />\n<link rel=\"https://api.w.org/\" \
         href=\"{base}/wp-json/\" />\n<meta name=\"generator\" content=\"WordPress {WORDPRESS}\" />\n</head>\n<body \
         class=\"error404 wp-embed-responsive\">\n<header><p class=\"wp-block-site-title\"><a \
         href=\"{base}\">{title}</a></p></header>\n<main><h1 \
         class=\"wp-block-heading\">Page Not Found</h1><p>The page you \
         are looking for does not exist, or it has been moved. Please try searching using the form below.</p></main>\n\
         <footer>Proudly powered by <a href=\"https://wordpress.org\">WordPress</a></footer>\n</body>\n</html>\n"
    );
    php(Response::html(404, page))
        .with("Expires", "Wed, 11 Jan 1984 05:00:00 GMT")
        .with("Cache-Control", "no-cache, must-revalidate, max-age=0")
        .with("Link", format!("<{base}/wp-json/>; rel=\"https://api.w.org/\""))
}

fn login(visit: &Visit<'_>, base: &str, out: &mut Out) -> Response {
    let mut error = String::new();
    if visit.is_post() {
        let name = visit.form.get(&["log"]).unwrap_or_default().to_owned();
        match visit.login(out) {
            Some(true) => {
                let cookie = format!(
                    "wordpress_logged_in_{}={}; path=/; HttpOnly",
                    visit.token("wp"),
                    visit.session("wp")
                );
                return php(Response::redirect(format!("{base}/wp-admin/"))).with("Set-Cookie", cookie);
            }
            Some(false) if visit.host.persona().users.iter().any(|user| user.name == name) => {
                error = format!(
                    "<strong>Error:</strong> The password you entered for the username <strong>{}</strong> is \
                     incorrect.",
                    escape(&name)
                );
            }
            _ => {
                error = format!(
                    "<strong>Error:</strong> The username <strong>{}</strong> is not registered on this site. If \
                     you are unsure of your username, try your email address instead.",
                    escape(&name)
                );
            }
        }
        error = format!("<div id=\"login_error\" class=\"notice notice-error\"><p>{error}</p></div>\n");
    }
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head>\n<title>Log In &lsaquo; {title} &#8212; WordPress</title>\n\
         <meta name='robots' content='max-image-preview:large, noindex, noarchive' />\n\
         <link rel='stylesheet' href='{base}/wp-admin/css/login.min.css?ver={WORDPRESS}' media='all' />\n</head>\n\
         <body class=\"login no-js login-action-login wp-core-ui locale-en-us\">\n<div id=\"login\">\n\
         <h1><a href=\"https://wordpress.org/\">Powered by WordPress</a></h1>\n{error}\
         <form name=\"loginform\" id=\"loginform\" action=\"{base}/wp-login.php\" method=\"post\">\n\
         <p><label for=\"user_login\">Username or Email Address</label>\n\
         <input type=\"text\" name=\"log\" id=\"user_login\" class=\"input\" value=\"\" size=\"20\" /></p>\n\
         <p><label for=\"user_pass\">Password</label>\n\
         <input type=\"password\" name=\"pwd\" id=\"user_pass\" class=\"input\" value=\"\" size=\"20\" /></p>\n\
         <input name=\"rememberme\" type=\"checkbox\" id=\"rememberme\" value=\"forever\" /> Remember Me\n\
         <input type=\"submit\" name=\"wp-submit\" id=\"wp-submit\" class=\"button button-primary\" value=\"Log In\" />\n\
         <input type=\"hidden\" name=\"redirect_to\" value=\"{base}/wp-admin/\" />\n\
         <input type=\"hidden\" name=\"testcookie\" value=\"1\" />\n</form>\n</div>\n</body>\n</html>\n",
        title = escape(&visit.title()),
    );
    php(Response::html(200, page))
        .with("Set-Cookie", "wordpress_test_cookie=WP%20Cookie%20check; path=/; HttpOnly")
        .with("Expires", "Wed, 11 Jan 1984 05:00:00 GMT")
        .with("Cache-Control", "no-cache, must-revalidate, max-age=0")
        .with("X-Frame-Options", "SAMEORIGIN")
}

fn dashboard(visit: &Visit<'_>, base: &str) -> Response {
    let cookie = format!("wordpress_logged_in_{}", visit.token("wp"));
    if !visit.is_in("wp", &cookie) {
        let to = format!("{base}/wp-login.php?redirect_to={base}%2Fwp-admin%2F&reauth=1");
        return php(Response::redirect(to)).with("X-Redirect-By", "WordPress");
    }
    let body = format!(
        "<div id=\"wpwrap\"><h1>Dashboard</h1><div class=\"notice notice-warning\"><p>An automated WordPress update \
         has failed to complete - please attempt the update again now.</p></div><p>WordPress {WORDPRESS}. The file \
         editor and plugin uploads are disabled while maintenance is running.</p></div>"
    );
    let title = format!("Dashboard &lsaquo; {} &#8212; WordPress", escape(&visit.title()));
    php(Response::html(200, document(&title, &body)))
}

fn xmlrpc(visit: &Visit<'_>, out: &mut Out) -> Response {
    if !visit.is_post() {
        return php(Response::page(
            405,
            "text/plain; charset=UTF-8",
            "XML-RPC server accepts POST requests only.",
        ))
        .with("Allow", "POST");
    }
    let body = String::from_utf8_lossy(&visit.request.body).into_owned();
    let strings: Vec<&str> =
        body.split("<string>").skip(1).filter_map(|rest| rest.split("</string>").next()).collect();
    let value = if body.contains("system.listMethods") {
        "<params><param><value><array><data><value><string>system.multicall</string></value><value>\
         <string>wp.getUsersBlogs</string></value><value><string>pingback.ping</string></value></data></array>\
         </value></param></params>"
            .to_owned()
    } else {
        if let [user, password, ..] = strings.as_slice() {
            visit.judge(user, password, "xmlrpc", out);
        }
        "<fault><value><struct><member><name>faultCode</name><value><int>403</int></value></member><member><name>\
         faultString</name><value><string>Incorrect username or password.</string></value></member></struct>\
         </value></fault>"
            .to_owned()
    };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodResponse>\n  {value}\n</methodResponse>\n"
    );
    php(Response::page(200, "text/xml; charset=UTF-8", text))
}

fn users(visit: &Visit<'_>, base: &str) -> Response {
    let listed: Vec<String> = visit
        .host
        .persona()
        .users
        .iter()
        .enumerate()
        .map(|(index, user)| {
            format!(
                "{{\"id\":{},\"name\":\"{1}\",\"url\":\"\",\"description\":\"\",\"link\":\"{base}/author/{1}/\",\
                 \"slug\":\"{1}\"}}",
                index + 1,
                user.name
            )
        })
        .collect();
    json(format!("[{}]", listed.join(",")))
}

/// phpMyAdmin, at `/` and below `/phpmyadmin`.
pub fn phpmyadmin(visit: &Visit<'_>, out: &mut Out) -> Option<Response> {
    let path = visit.request.path.to_ascii_lowercase();
    let at = visit.installed();
    let inner = path.strip_prefix("/phpmyadmin").or_else(|| path.strip_prefix("/pma")).unwrap_or(&path);
    Some(match inner {
        "" => Response::standard(301).with("Location", format!("{}{}/", visit.base(), visit.request.path)),
        "/" | "/index.php" => database_login(visit, out),
        "/readme" | "/changelog" => Response::file(
            "text/plain",
            format!("phpMyAdmin - Readme\n===================\n\nVersion {PHPMYADMIN}\n"),
            at,
        ),
        "/robots.txt" => Response::file("text/plain", "User-agent: *\nDisallow: /\n", at),
        "/favicon.ico" => Response::file("image/x-icon", icon(b"\x42\x9b\xf8"), at),
        "/themes/pmahomme/css/theme.css" => Response::file("text/css", "body{font-family:sans-serif}\n", at),
        "/setup/" | "/setup/index.php" => welcome_or_forbidden(visit),
        _ => return None,
    })
}

fn welcome_or_forbidden(visit: &Visit<'_>) -> Response {
    if visit.server.family == Family::Apache {
        Response::standard(401).with("WWW-Authenticate", "Basic realm=\"phpMyAdmin Setup\"")
    } else {
        welcome::methods(visit, Response::standard(403))
    }
}

fn database_login(visit: &Visit<'_>, out: &mut Out) -> Response {
    let token = fresh();
    let mut error = String::new();
    if visit.is_post() {
        if visit.login(out) == Some(true) {
            let cookie = format!("phpMyAdmin={}; path=/; HttpOnly; SameSite=Strict", visit.session("pma"));
            return php(Response::redirect("index.php?route=/")).with("Set-Cookie", cookie);
        }
        let user = visit.form.get(&["pma_username"]).unwrap_or_default();
        error = format!(
            "<div id=\"pma_errors\"><div class=\"alert alert-danger\" role=\"alert\">mysqli::real_connect(): \
             (HY000/1045): Access denied for user '{}'@'localhost' (using password: YES)</div></div>",
            escape(user)
        );
    } else if visit.is_in("pma", "phpMyAdmin") {
        let body = format!(
            "<div id=\"pma_navigation\"></div><h1>phpMyAdmin</h1><p>Server: localhost via UNIX socket</p><p>Version \
             information: {PHPMYADMIN}</p><div class=\"alert alert-warning\">The server is in read-only mode \
             (maintenance).</div>"
        );
        return php(Response::page(
            200,
            "text/html; charset=utf-8",
            document("localhost | phpMyAdmin", &body),
        ));
    }
    let page = format!(
        "<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <link rel=\"icon\" href=\"favicon.ico\" type=\"image/x-icon\">\n\
         <link rel=\"stylesheet\" type=\"text/css\" href=\"./themes/pmahomme/css/theme.css?v={PHPMYADMIN}\">\n\
         <title>phpMyAdmin</title>\n</head>\n<body id=\"loginform\">\n<div class=\"container\">\n\
         <h1>Welcome to <bdo dir=\"ltr\" lang=\"en\">phpMyAdmin</bdo></h1>\n{error}\n\
         <form method=\"post\" id=\"login_form\" action=\"index.php?route=/\" name=\"login_form\" class=\"disableAjax\">\n\
         <label for=\"input_username\">Username:</label>\n<input type=\"text\" name=\"pma_username\" id=\"input_username\" value=\"\">\n\
         <label for=\"input_password\">Password:</label>\n<input type=\"password\" name=\"pma_password\" id=\"input_password\" value=\"\">\n\
         <input type=\"hidden\" name=\"server\" value=\"1\">\n<input type=\"hidden\" name=\"set_session\" value=\"{token}\">\n\
         <input type=\"hidden\" name=\"token\" value=\"{token}\">\n\
         <input class=\"btn btn-primary\" value=\"Log in\" type=\"submit\" id=\"input_go\">\n</form>\n</div>\n</body>\n</html>\n"
    );
    php(Response::page(200, "text/html; charset=utf-8", page))
        .with("Set-Cookie", format!("phpMyAdmin={token}; path=/; HttpOnly; SameSite=Strict"))
        .with("X-Frame-Options", "DENY")
        .with("X-Robots-Tag", "noindex, nofollow")
        .with("Cache-Control", "no-store, no-cache, must-revalidate,  pre-check=0, post-check=0, max-age=0")
}
