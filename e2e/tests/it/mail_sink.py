"""A mail server for tests: prints its ports, then each letter as one line of JSON.

usage: mail_sink.py CERTIFICATE KEY USER PASSWORD

One port speaks TLS from the first byte, the other after STARTTLS. Nobody who has not logged in may send.
"""
import asyncio, base64, json, ssl, sys

certificate, key, user, password = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def credentials(packed):
    _, name, secret = base64.b64decode(packed).split(b"\0")
    return name.decode() == user and secret.decode() == password


async def talk(reader, writer, secure):
    known, sender, recipients = False, None, []

    def say(text):
        writer.write(text.encode() + b"\r\n")

    say("220 sink.test ESMTP")
    while line := await reader.readline():
        verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        verb = verb.upper()
        if verb == "EHLO":
            say("250-sink.test")
            say("250-8BITMIME")
            say("250 AUTH PLAIN LOGIN" if secure else "250 STARTTLS")
        elif verb == "STARTTLS" and not secure:
            say("220 go on")
            await writer.drain()
            await writer.start_tls(context)
            secure = True
        elif verb == "AUTH" and secure:
            known = credentials(rest.split()[1])
            say("235 welcome" if known else "535 5.7.8 who are you\x1b[31m")
        elif verb == "MAIL":
            sender, recipients = rest, []
            say("250 ok" if known else "530 5.7.0 log in first")
        elif verb == "RCPT":
            recipients.append(rest)
            say("250 ok" if known else "530 5.7.0 log in first")
        elif verb == "DATA" and known:
            say("354 go on")
            await writer.drain()
            letter = b""
            while (piece := await reader.readline()) != b".\r\n":
                letter += piece[1:] if piece.startswith(b".") else piece
            print(json.dumps({"from": sender, "to": recipients, "letter": letter.decode("latin-1")}), flush=True)
            say("250 2.0.0 taken as 42")
        elif verb == "QUIT":
            say("221 bye")
            break
        else:
            say("502 no")
        await writer.drain()
    writer.close()


async def main():
    wrapped = await asyncio.start_server(lambda r, w: talk(r, w, True), "127.0.0.1", 0, ssl=context)
    upgraded = await asyncio.start_server(lambda r, w: talk(r, w, False), "127.0.0.1", 0)
    print(json.dumps([server.sockets[0].getsockname()[1] for server in (wrapped, upgraded)]), flush=True)
    await asyncio.gather(wrapped.serve_forever(), upgraded.serve_forever())


asyncio.run(main())
