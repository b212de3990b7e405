// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.ControlException;
import io.zerofs.server.control.Json;
import io.zerofs.server.http.HttpStatus;
import io.zerofs.server.net.ListenAddress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Gives commands to a running daemon over its control socket. One connection for each command; confined to one thread. */
final class ControlClient {
    /** Time for the answers of commands that do not wait for the store. */
    static final Duration SOON = Duration.ofSeconds(30);

    /** For commands that wait for the store. The operator ends the wait. */
    static final Duration ANY_TIME = Duration.ZERO;

    private static final int ANSWER_BYTES_MAX = 16 << 20;
    private static final int PIECE_BYTES = 64 << 10;

    private final Path socket;

    ControlClient(Path socket) {
        this.socket = socket;
    }

    /** A whole answer. */
    private record Answer(int status, String product, String body) {}

    /**
     * Gives a command and returns the members of the answer.
     *
     * @param parameters their values become texts
     * @param patience maximum time without a byte of the answer; zero for no limit
     */
    Map<String, Object> call(String method, String path, Map<String, ?> parameters, Duration patience)
            throws ExitException {
        String query = parameters.entrySet().stream()
                .map(each ->
                        encoded(each.getKey()) + "=" + encoded(each.getValue().toString()))
                .collect(Collectors.joining("&", parameters.isEmpty() ? "" : "?", ""));
        Answer answer =
                parse(exchange(method + " " + path + query + " HTTP/1.1\r\nHost: zerofs\r\n\r\n", patience, null));
        Map<String, Object> members;
        try {
            members = Json.readObject(answer.body());
        } catch (IllegalArgumentException e) {
            throw notADaemon();
        }
        if (answer.status() != HttpStatus.OK.code()) {
            throw refusal(answer, members);
        }
        return members;
    }

    /**
     * Gives a command whose answer is one object per line, and passes them on until one is the last or the daemon stops.
     *
     * @param next returns whether it wants more
     */
    void follow(String path, Predicate<Map<String, Object>> next) throws ExitException {
        Lines lines = new Lines(next);
        String rest = exchange("GET " + path + " HTTP/1.1\r\nHost: zerofs\r\n\r\n", ANY_TIME, lines);
        if (!lines.began()) {
            Answer answer = parse(rest);
            throw refusal(answer, Json.readObject(answer.body()));
        }
    }

    /** Cuts an answer into lines, after its head. */
    private static final class Lines {
        private static final String SUCCESS = "HTTP/1.1 200 ";

        private final Predicate<Map<String, Object>> next;
        private boolean inBody;

        Lines(Predicate<Map<String, Object>> next) {
            this.next = next;
        }

        boolean began() {
            return inBody;
        }

        /** Takes whole lines from the received bytes and leaves the rest. Returns whether it wants more. */
        boolean take(ByteArrayOutputStream received) {
            String text = received.toString(StandardCharsets.ISO_8859_1);
            if (!inBody) {
                int end = text.indexOf("\r\n\r\n");
                if (end < 0 || !text.startsWith(SUCCESS)) {
                    return true;
                }
                inBody = true;
                text = text.substring(end + 4);
            }
            int begin = 0;
            boolean more = true;
            for (int end = text.indexOf('\n'); more && end >= 0; end = text.indexOf('\n', begin)) {
                byte[] line = text.substring(begin, end).getBytes(StandardCharsets.ISO_8859_1);
                more = next.test(Json.readObject(new String(line, StandardCharsets.UTF_8)));
                begin = end + 1;
            }
            received.reset();
            received.writeBytes(text.substring(begin).getBytes(StandardCharsets.ISO_8859_1));
            return more;
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private String exchange(String request, Duration patience, Lines lines) throws ExitException {
        try {
            ListenAddress.requireFits(socket);
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                    Selector selector = Selector.open()) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ);
                return read(channel, selector, patience, lines);
            }
        } catch (IllegalArgumentException e) {
            throw new ExitException(ExitCode.CONFIG, e.getMessage(), e);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private String read(SocketChannel channel, Selector selector, Duration patience, Lines lines)
            throws IOException, ExitException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
        while (true) {
            if (selector.select(patience.toMillis()) == 0) {
                throw new ExitException(
                        ExitCode.NO_DAEMON,
                        "the daemon at " + socket + " has not answered for " + patience.toSeconds() + " s");
            }
            selector.selectedKeys().clear();
            piece.clear();
            if (channel.read(piece) < 0) {
                return answer.toString(StandardCharsets.UTF_8);
            }
            answer.write(piece.array(), 0, piece.position());
            if (lines != null && !lines.take(answer)) {
                return "";
            }
            if (answer.size() > ANSWER_BYTES_MAX) {
                throw notADaemon();
            }
        }
    }

    private Answer parse(String text) throws ExitException {
        if (text.isEmpty()) {
            throw new ExitException(
                    ExitCode.NO_DAEMON,
                    "the daemon at " + socket
                            + " ended the connection without an answer: it stops, or too many commands wait");
        }
        int end = text.indexOf("\r\n\r\n");
        if (!text.startsWith("HTTP/1.1 ") || end < 12) {
            throw notADaemon();
        }
        String product = text.substring(0, end)
                .lines()
                .filter(line -> line.startsWith("Server: "))
                .map(line -> line.substring("Server: ".length()))
                .findFirst()
                .orElse("");
        String status = text.substring(9, 12);
        if (!status.matches("[0-9]{3}") || !product.startsWith("zerofs")) {
            throw notADaemon();
        }
        return new Answer(Integer.parseInt(status), product, text.substring(end + 4));
    }

    private ExitException notADaemon() {
        return new ExitException(ExitCode.NO_DAEMON, "another program than ZeroFS listens on " + socket);
    }

    private ExitException unreachable(IOException e) {
        String reason = String.valueOf(e.getMessage());
        String lower = reason.toLowerCase(Locale.ROOT);
        if (lower.contains("permission denied")) {
            reason = "you may not use the control socket " + socket + ": run the command as the daemon's user";
        } else if (lower.contains("no such file")) {
            reason = "no daemon runs with this configuration: there is no control socket " + socket;
        } else if (lower.contains("refused")) {
            reason =
                    "no daemon runs with this configuration: the control socket " + socket + " was left by another one";
        } else {
            reason = "the control socket " + socket + ": " + reason;
        }
        return new ExitException(ExitCode.NO_DAEMON, reason, e);
    }

    private static ExitException refusal(Answer answer, Map<String, Object> members) {
        String word = String.valueOf(members.get("error"));
        String message = String.valueOf(members.get("message"));
        if (word.equals(ControlException.Kind.UNKNOWN_COMMAND.word())) {
            return new ExitException(
                    ExitCode.REFUSED,
                    "the daemon is " + answer.product() + " and does not know this command of zerofs/"
                            + Main.Version.number() + ": start it again with this version");
        }
        boolean bug = word.equals(ControlException.Kind.INTERNAL.word());
        return new ExitException(bug ? ExitCode.INTERNAL : ExitCode.REFUSED, message);
    }
}
