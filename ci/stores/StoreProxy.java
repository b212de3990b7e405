// SPDX-License-Identifier: AGPL-3.0-only

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * An HTTP/1.1 proxy in front of an object store on loopback: adds latency and faults, counts requests.
 *
 * <p>{@code java StoreProxy.java LISTEN_PORT UPSTREAM_PORT ADMIN_PORT}: one file, as stores also start where nothing is built.
 * Plain HTTP; requests pass unchanged, so that signatures stay valid. The admin port sets what it does and reports what it saw:
 *
 * <pre>
 * curl 'http://127.0.0.1:ADMIN/set?latency=30&amp;jitter=10'     every request waits for 30 to 40 ms
 * curl 'http://127.0.0.1:ADMIN/set?megabytes=125'            answers share a link of 125 MB/s, 1 Gbit/s
 * curl 'http://127.0.0.1:ADMIN/set?slowdown=10&amp;match=PUT'    10 % of PUTs are answered with 503 SlowDown
 * curl 'http://127.0.0.1:ADMIN/set?unavailable=10'           10 % are answered with 503 ServiceUnavailable
 * curl 'http://127.0.0.1:ADMIN/set?throttle=10'              10 % are answered with 429 TooManyRequests
 * curl 'http://127.0.0.1:ADMIN/set?deny=100'                 all are answered with 403 AccessDenied
 * curl 'http://127.0.0.1:ADMIN/set?gone=100'                 all are answered with 404 NoSuchBucket
 * curl 'http://127.0.0.1:ADMIN/set?skew=100'                 all are answered with 403 RequestTimeTooSkewed
 * curl 'http://127.0.0.1:ADMIN/set?region=100'               all are answered with 400 and eu-west-7 as the region
 * curl 'http://127.0.0.1:ADMIN/set?unconditional=100'        requests with a condition are answered with 501
 * curl 'http://127.0.0.1:ADMIN/set?before=5'                 5 % are reset before the store sees the request
 * curl 'http://127.0.0.1:ADMIN/set?lost=5'                   5 % never reach the store and are never answered
 * curl 'http://127.0.0.1:ADMIN/set?upload=5'                 5 % are reset in the middle of the request's body
 * curl 'http://127.0.0.1:ADMIN/set?after=5'                  5 % are applied, and reset instead of answered
 * curl 'http://127.0.0.1:ADMIN/set?hang=5'                   5 % are applied and never answered
 * curl 'http://127.0.0.1:ADMIN/set?cut=5'                    5 % of answers are reset in the middle of the body
 * curl 'http://127.0.0.1:ADMIN/set?short=5'                  5 % of answers end in the middle of the body, in good order
 * curl 'http://127.0.0.1:ADMIN/set?corrupt=5'                5 % of answers have one byte changed
 * curl 'http://127.0.0.1:ADMIN/set?down=1'                   every connection is reset, until down=0
 * curl 'http://127.0.0.1:ADMIN/clear'                        no faults, no latency
 * curl 'http://127.0.0.1:ADMIN/stats'                        what passed by method and status, and its time with latency
 * curl 'http://127.0.0.1:ADMIN/requests'                     the last 200,000 requests that passed, a line each: ms since
 *                                                            the start, method, path, bytes of the body and range
 * curl 'http://127.0.0.1:ADMIN/reset'                        stats and requests begin anew
 * </pre>
 *
 * {@code match} is a regular expression to be found in {@code METHOD /path?query}; it limits all but megabytes and down.
 */
public final class StoreProxy {
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int HEAD_BYTES_MAX = 64 << 10;
    private static final int REQUESTS_KEPT = 200_000;
    private static final Set<String> SETTINGS = Set.of(
            "latency", "jitter", "megabytes", "slowdown", "unavailable", "throttle", "deny", "gone", "skew", "region",
            "unconditional", "before", "lost", "upload", "after", "hang", "cut", "short", "corrupt", "down");
    /** The answer in place of the store's: status and code. */
    private static final Map<String, String[]> REFUSALS = Map.of(
            "slowdown", new String[] {"503 Slow Down", "SlowDown"},
            "unavailable", new String[] {"503 Service Unavailable", "ServiceUnavailable"},
            "throttle", new String[] {"429 Too Many Requests", "TooManyRequests"},
            "deny", new String[] {"403 Forbidden", "AccessDenied"},
            "gone", new String[] {"404 Not Found", "NoSuchBucket"},
            "skew", new String[] {"403 Forbidden", "RequestTimeTooSkewed"},
            "region", new String[] {"400 Bad Request", "AuthorizationHeaderMalformed"},
            "unconditional", new String[] {"501 Not Implemented", "NotImplemented"});
    private static final Pattern EVERYTHING = Pattern.compile("");
    private final int upstreamPort;
    private final Map<String, Double> settings = new ConcurrentSkipListMap<>();
    private final Map<String, AtomicLong> counts = new ConcurrentSkipListMap<>();
    private final AtomicLong linkFreeNanos = new AtomicLong(System.nanoTime());
    private final Deque<String> passed = new ArrayDeque<>();
    private final long beganNanos = System.nanoTime();
    private volatile Pattern match = EVERYTHING;

    private StoreProxy(int upstreamPort) {
        this.upstreamPort = upstreamPort;
    }

    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            System.err.println("usage: java StoreProxy.java LISTEN_PORT UPSTREAM_PORT ADMIN_PORT");
            System.exit(2);
        }
        new StoreProxy(Integer.parseInt(args[1])).run(Integer.parseInt(args[0]), Integer.parseInt(args[2]));
    }

    private void run(int listenPort, int adminPort) throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        HttpServer admin = HttpServer.create(new InetSocketAddress(loopback, adminPort), 0);
        admin.createContext("/", this::administer);
        admin.start();
        ExecutorService threads = Executors.newCachedThreadPool();
        try (ServerSocket server = new ServerSocket(listenPort, 1024, loopback)) {
            while (true) {
                Socket client = server.accept();
                threads.execute(() -> serve(client));
            }
        }
    }

    private void administer(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        int status = 200;
        switch (exchange.getRequestURI().getPath()) {
            case "/set" -> status = set(query == null ? "" : query) ? 200 : 400;
            case "/clear" -> {
                settings.clear();
                match = EVERYTHING;
            }
            case "/reset" -> {
                counts.clear();
                synchronized (passed) {
                    passed.clear();
                }
            }
            case "/requests" -> {
                send(exchange, status, requests());
                return;
            }
            case "/stats" -> {}
            default -> status = 404;
        }
        StringBuilder text = new StringBuilder("{");
        new TreeMap<>(counts).forEach((name, count) -> text.append(text.length() > 1 ? ", " : "")
                .append('"')
                .append(name)
                .append("\": ")
                .append(count));
        send(exchange, status, text.append("}\n").toString());
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private String requests() {
        synchronized (passed) {
            return passed.isEmpty() ? "" : String.join("\n", passed) + "\n";
        }
    }

    private void note(Head request, long bytes) {
        synchronized (passed) {
            if (passed.size() == REQUESTS_KEPT) {
                passed.removeFirst();
            }
            String range = request.header("range");
            passed.addLast((System.nanoTime() - beganNanos) / 1_000_000 + " " + request.target() + " " + bytes
                    + (range == null ? "" : " " + range));
        }
    }

    /** Returns whether all of it was understood. */
    private boolean set(String query) {
        for (String pair : query.split("&")) {
            String[] keyValue = pair.split("=", 2);
            try {
                if (keyValue.length == 2 && keyValue[0].equals("match")) {
                    match = Pattern.compile(keyValue[1]);
                } else if (keyValue.length == 2 && SETTINGS.contains(keyValue[0])) {
                    settings.put(keyValue[0], Double.valueOf(keyValue[1]));
                } else {
                    return false;
                }
            } catch (IllegalArgumentException e) {
                return false;
            }
        }
        return true;
    }

    private void serve(Socket client) {
        try (client) {
            if (setting("down") > 0) {
                reset(client);
                return;
            }
            try (Socket upstream = new Socket(InetAddress.getLoopbackAddress(), upstreamPort)) {
                client.setTcpNoDelay(true);
                upstream.setTcpNoDelay(true);
                Connection connection = new Connection(client, upstream);
                while (connection.exchange()) {
                    count("exchanges", 1);
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            count("connections.broken", 1);
        }
    }

    private double setting(String name) {
        return settings.getOrDefault(name, 0.0);
    }

    private boolean strikes(String fault) {
        boolean strikes = ThreadLocalRandom.current().nextDouble(100) < setting(fault);
        if (strikes) {
            count("fault." + fault, 1);
        }
        return strikes;
    }

    private void count(String name, long amount) {
        counts.computeIfAbsent(name, unused -> new AtomicLong()).addAndGet(amount);
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** A client and the connection to the store that belongs to it alone. */
    private final class Connection {
        private final Socket client;
        private final InputStream fromClient;
        private final OutputStream toClient;
        private final InputStream fromStore;
        private final OutputStream toStore;

        Connection(Socket client, Socket upstream) throws IOException {
            this.client = client;
            this.fromClient = new BufferedInputStream(client.getInputStream(), BUFFER_BYTES);
            this.toClient = new FilterOutputStream(client.getOutputStream()) {
                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    awaitLink(length);
                    out.write(bytes, offset, length);
                }
            };
            this.fromStore = new BufferedInputStream(upstream.getInputStream(), BUFFER_BYTES);
            this.toStore = upstream.getOutputStream();
        }

        /** Passes one request and its answer; returns whether the connection goes on. */
        boolean exchange() throws IOException {
            Head request = Head.read(fromClient);
            if (request == null) {
                return false;
            }
            long startNanos = System.nanoTime();
            boolean matched = match.matcher(request.target()).find();
            if (matched) {
                pause();
            }
            if (isReset(setting("down") > 0)) {
                return false;
            }
            if (matched && (isReset(strikes("before")) || isRefused(request) || isLeftWaiting("lost"))) {
                return false;
            }
            Head response = send(request, matched && strikes("upload"));
            if (response == null) {
                return false;
            }
            count("requests." + request.kind(), 1);
            count("status." + response.status(), 1);
            count("micros." + request.kind(), (System.nanoTime() - startNanos) / 1_000);
            if (matched && (isReset(strikes("after")) || isLeftWaiting("hang"))) {
                return false;
            }
            boolean cut = matched && strikes("cut");
            boolean ended = matched && strikes("short");
            Damage damage = new Damage(cut || ended ? 0.5 : 1, matched && strikes("corrupt"));
            toClient.write(response.bytes);
            if (!request.method().equals("HEAD")) {
                count("bytes.down", response.copyBody(fromStore, toClient, damage));
            }
            return !isReset(cut) && !ended && !request.closes() && !response.closes();
        }

        private boolean isReset(boolean strikes) throws IOException {
            if (strikes) {
                reset(client);
            }
            return strikes;
        }

        private boolean isRefused(Head request) throws IOException {
            for (Map.Entry<String, String[]> refusal : REFUSALS.entrySet()) {
                boolean meant = !refusal.getKey().equals("unconditional") || request.hasCondition();
                if (meant && strikes(refusal.getKey())) {
                    answer(request, refusal.getValue()[0], refusal.getValue()[1]);
                    return true;
                }
            }
            return false;
        }

        private void answer(Head request, String status, String code) throws IOException {
            if (!request.expectsContinue()) {
                request.copyBody(fromClient, OutputStream.nullOutputStream(), Damage.NONE);
            }
            String body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>";
            String head = "HTTP/1.1 " + status + "\r\nContent-Type: application/xml"
                    + "\r\nConnection: close\r\nx-amz-bucket-region: eu-west-7\r\nx-ms-error-code: "
                    + code + "\r\nContent-Length: " + body.length() + "\r\n\r\n";
            toClient.write((head + (request.method().equals("HEAD") ? "" : body)).getBytes(StandardCharsets.US_ASCII));
            client.shutdownOutput();
        }

        private boolean isLeftWaiting(String fault) throws IOException {
            if (!strikes(fault)) {
                return false;
            }
            while (fromClient.read() >= 0) {
                // until the client gives up
            }
            return true;
        }

        /** Returns the head of the answer, or null if there is none. */
        private Head send(Head request, boolean cut) throws IOException {
            toStore.write(request.bytes);
            if (request.expectsContinue()) {
                Head interim = Head.read(fromStore);
                if (interim == null || interim.status() != 100) {
                    return interim;
                }
                toClient.write(interim.bytes);
            }
            long sent = request.copyBody(fromClient, toStore, new Damage(cut ? 0.5 : 1, false));
            count("bytes.up", sent);
            note(request, sent);
            if (isReset(cut)) {
                return null;
            }
            Head response = Head.read(fromStore);
            while (response != null && response.status() == 100) {
                response = Head.read(fromStore);
            }
            count("bytes.stored", response != null && response.status() / 100 == 2 && request.method().equals("PUT") ? sent : 0);
            return response;
        }

        private void pause() {
            double millis = setting("latency") + setting("jitter") * ThreadLocalRandom.current().nextDouble();
            LockSupport.parkNanos((long) (millis * 1_000_000));
        }
    }

    /** Waits until the link has carried these bytes after all earlier ones. A thread that wakes up late leaves no gap. */
    private void awaitLink(int bytes) {
        double megabytes = setting("megabytes");
        if (megabytes > 0) {
            long now = System.nanoTime();
            long took = (long) (bytes * 1_000 / megabytes);
            LockSupport.parkNanos(linkFreeNanos.updateAndGet(free -> Math.max(free, now - 5_000_000) + took) - now);
        }
    }

    /** The fault of a body: the bytes that pass, and whether one changes. */
    private record Damage(double share, boolean corrupt) {
        static final Damage NONE = new Damage(1, false);
    }

    /** The head of a request or answer: its first line, its bytes, and how its body is framed. */
    private record Head(String first, String lower, byte[] bytes) {
        static Head read(InputStream in) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
            int ending = 0;
            while (ending < 4) {
                int b = in.read();
                if (b < 0 && bytes.size() == 0) {
                    return null;
                }
                if (b < 0 || bytes.size() == HEAD_BYTES_MAX) {
                    throw new EOFException("head cut short or too long");
                }
                bytes.write(b);
                boolean goesOn = b == (ending % 2 == 0 ? '\r' : '\n');
                ending = goesOn ? ending + 1 : b == '\r' ? 1 : 0;
            }
            String text = bytes.toString(StandardCharsets.ISO_8859_1);
            return new Head(text.substring(0, text.indexOf("\r\n")), text.toLowerCase(Locale.ROOT), bytes.toByteArray());
        }

        String method() {
            return first.substring(0, first.indexOf(' '));
        }

        /** {@code METHOD /path?query}. */
        String target() {
            return first.substring(0, first.lastIndexOf(' '));
        }

        /** The method, lists told from other GETs. */
        String kind() {
            boolean list = target().contains("list-type=2") || target().contains("comp=list");
            return method().equals("GET") && list ? "LIST" : method();
        }

        int status() {
            return Integer.parseInt(first.substring(9, 12));
        }

        boolean closes() {
            return lower.contains("\r\nconnection: close");
        }

        boolean hasCondition() {
            return lower.contains("\r\nif-none-match:") || lower.contains("\r\nif-match:");
        }

        boolean expectsContinue() {
            return lower.contains("\r\nexpect: 100-continue");
        }

        private String header(String name) {
            int at = lower.indexOf("\r\n" + name + ":");
            int value = at + name.length() + 3;
            return at < 0 ? null : lower.substring(value, lower.indexOf("\r\n", at + 2)).trim();
        }

        /** Copies the body, or as much of it as passes; returns the bytes copied. */
        long copyBody(InputStream in, OutputStream out, Damage damage) throws IOException {
            if (first.startsWith("HTTP/") && (status() == 204 || status() == 304)) {
                return 0;
            }
            if ("chunked".equals(header("transfer-encoding"))) {
                return copyChunked(in, out, damage);
            }
            String length = header("content-length");
            long left = length == null ? 0 : (long) (Long.parseLong(length) * damage.share());
            copy(in, out, left, damage.corrupt());
            return left;
        }

        private static void copy(InputStream in, OutputStream out, long length, boolean corrupt) throws IOException {
            long flipAt = corrupt && length > 0 ? ThreadLocalRandom.current().nextLong(length) : -1;
            byte[] buffer = new byte[BUFFER_BYTES];
            long done = 0;
            while (done < length) {
                int count = in.read(buffer, 0, (int) Math.min(buffer.length, length - done));
                if (count < 0) {
                    throw new EOFException("body cut short");
                }
                if (flipAt >= done && flipAt < done + count) {
                    buffer[(int) (flipAt - done)] ^= 1;
                }
                out.write(buffer, 0, count);
                done += count;
            }
            out.flush();
        }

        private static long copyChunked(InputStream in, OutputStream out, Damage damage) throws IOException {
            long total = 0;
            while (true) {
                String line = line(in, out);
                int size = Integer.parseInt(line.split(";")[0].trim(), 16);
                if (size > 0 && damage.share() < 1) {
                    copy(in, out, (long) (size * damage.share()), false);
                    return total;
                }
                copy(in, out, size, damage.corrupt() && total == 0);
                total += size;
                if (size == 0) {
                    while (!line(in, out).isEmpty()) {
                        // trailers
                    }
                    out.flush();
                    return total;
                }
                line(in, out);
            }
        }

        private static String line(InputStream in, OutputStream out) throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b >= 0 && line.length() < HEAD_BYTES_MAX; b = in.read()) {
                out.write(b);
                if (b == '\n') {
                    return line.toString().trim();
                }
                line.append((char) b);
            }
            throw new EOFException("chunk cut short");
        }
    }
}
