// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.net.httpserver.HttpServer;
import io.zerofs.cli.ExitCode;
import io.zerofs.core.files.Directories;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The program's start with wrong credentials, bucket, region, clock or store. {@code ci/system/run "refusals KIND"} starts
 * the store.
 */
@Tag("system")
class RefusalsTest {
    private static final String BUCKET = "//zerofs-system/";

    @RegisterExtension
    final Scratch scratch = new Scratch();

    /** A change of the configuration or of the store, with the code and the sentence of the refusal. */
    private record Refusal(ExitCode code, String sentence, String faults, String line, String replacement) {
        static Refusal ofSetting(ExitCode code, String sentence, String line, String replacement) {
            return new Refusal(code, sentence, "", line, replacement);
        }

        static Refusal ofStore(ExitCode code, String sentence, String faults) {
            return new Refusal(code, sentence, faults, "", "");
        }

        @Override
        public String toString() {
            return code + ", " + sentence;
        }
    }

    private static Stream<Refusal> refusals() {
        Stream<Refusal> ofAll = Stream.of(
                Refusal.ofSetting(ExitCode.NO_BUCKET, "no-such-bucket does not exist", BUCKET, "//no-such-bucket/"),
                Refusal.ofStore(ExitCode.STORE_REFUSED, "access is denied", "deny=100"));
        return Stream.of(ofAll, StoreNetwork.kind().equals("azurite") ? ofAzure() : ofS3(), ofCeph())
                .flatMap(each -> each);
    }

    private static Stream<Refusal> ofAzure() {
        // Azurite says AuthorizationFailure to a wrong key, as Azure says to a wrong network.
        return Stream.of(
                Refusal.ofSetting(
                        ExitCode.STORE_REFUSED,
                        "storage_account_key",
                        "^storage_account_key = .*",
                        "storage_account_key = \"d3Jvbmc=\""),
                Refusal.ofSetting(
                        ExitCode.WRONG_CREDENTIALS,
                        "not in Base64",
                        "^storage_account_key = .*",
                        "storage_account_key = \"wrong!\""));
    }

    private static Stream<Refusal> ofS3() {
        return Stream.of(
                Refusal.ofSetting(
                        ExitCode.WRONG_CREDENTIALS,
                        "there are no credentials",
                        "^(access_key_id|secret_access_key) = .*",
                        ""),
                Refusal.ofStore(ExitCode.WRONG_CLOCK, "clock of this machine", "skew=100"),
                Refusal.ofStore(ExitCode.WRONG_REGION, "another region (eu-west-7); set default_region", "region=100"),
                Refusal.ofStore(ExitCode.NO_CONDITIONAL_WRITES, "does not implement", "unconditional=100"));
    }

    /** Of the two S3 stores only Ceph checks signatures. */
    private static Stream<Refusal> ofCeph() {
        return StoreNetwork.kind().equals("ceph")
                ? Stream.of(
                        Refusal.ofSetting(
                                ExitCode.WRONG_CREDENTIALS,
                                "secret_access_key",
                                "^secret_access_key = .*",
                                "secret_access_key = \"wrong\""),
                        Refusal.ofSetting(
                                ExitCode.WRONG_CREDENTIALS,
                                "access_key_id",
                                "^access_key_id = .*",
                                "access_key_id = \"nobody\""))
                : Stream.of();
    }

    @AfterEach
    void storeIsWell() throws Exception {
        StoreNetwork.clear();
    }

    private Daemon daemon() {
        return scratch.daemon("d").variable("AWS_EC2_METADATA_DISABLED", "true");
    }

    private static void assertRefused(Daemon daemon, ExitCode code, String sentence) throws Exception {
        if (daemon.startsOrEnds()) {
            fail("the daemon starts");
        }
        assertEquals(code.status(), daemon.end());
        assertTrue(daemon.last().said("^zerofs: .*" + Pattern.quote(sentence)), daemon.log());
        assertEquals(
                1, daemon.log().lines().filter(line -> !line.contains(" INFO ")).count(), daemon.log());
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void refusalHasItsCodeAndOneLineAndTheDoctorSaysTheSame(Refusal refusal) throws Exception {
        if (!refusal.faults().isEmpty()) {
            StoreNetwork.set(refusal.faults());
        }
        Daemon daemon = daemon().edit(refusal.line(), refusal.replacement());
        Command.Result doctor = daemon.command("doctor").result();
        assertEquals(refusal.code().status(), doctor.status(), doctor::output);
        assertTrue(
                doctor.output().lines().anyMatch(line -> line.startsWith("FAIL") && line.contains(refusal.sentence())),
                doctor::output);
        assertRefused(daemon, refusal.code(), refusal.sentence());
    }

    /** The server for identities knows nothing. Azure's library sends no request without TLS here. */
    @Test
    @Tag("azurite")
    void identityOfTheMachineThatHasNoneIsRefused() throws Exception {
        Daemon daemon = daemon().variable("IDENTITY_ENDPOINT", StoreNetwork.address() + "none")
                .variable("IDENTITY_HEADER", "none")
                .edit("^storage_account_key = .*", "")
                .edit("^endpoint = \"http:", "endpoint = \"https:");
        assertRefused(daemon, ExitCode.WRONG_CREDENTIALS, "there are no credentials");
    }

    @Test
    @Tag("s3")
    void storeWithoutConditionsServesAUserWhoAcceptsIt() throws Exception {
        StoreNetwork.set("unconditional=100");
        Daemon daemon = daemon().edit("^\\[storage\\]$", "[storage]\naccept_unconditional_writes = true")
                .start();
        Path file = scratch.randomFile("file", 1_000_000);
        daemon.nfs().put(file, "file");
        daemon.stop();
        assertTrue(daemon.last().said("no conditional writes"), "no warning about the risk");
        Directories.delete(daemon.cache());
        daemon.start();
        daemon.nfs().assertHas("file", file);
        daemon.stop();
    }

    /** The default chain of containers, at a store that revokes keys: the first ones expire at once and are revoked. */
    @Test
    @Tag("ceph")
    void credentialsThatExpireAreRenewed() throws Exception {
        key("create", "first", "--secret=firstsecret");
        key("create", "second", "--secret=secondsecret");
        Instant begin = Instant.now();
        // The SDK renews a minute before the end.
        AtomicReference<String> current = new AtomicReference<>(credentials("first", begin.plusSeconds(62)));
        List<String> given = new CopyOnWriteArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/current", exchange -> {
            given.add(current.get());
            byte[] answer = current.get().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        try {
            Path file = scratch.randomFile("file", 1_000_000);
            Daemon daemon = daemon().edit("^(access_key_id|secret_access_key) = .*", "")
                    .variable(
                            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                            "http://127.0.0.1:" + server.getAddress().getPort() + "/current")
                    .start();
            daemon.nfs().put(file, "one");
            current.set(credentials("second", begin.plusSeconds(3600)));
            key("rm", "first");
            await().until(() -> Instant.now().isAfter(begin.plusSeconds(3)));
            daemon.nfs().put(file, "two");
            daemon.stop();
            assertTrue(given.contains(current.get()), () -> "the daemon did not ask again: " + given);
        } finally {
            server.stop(0);
        }
        Daemon revoked = scratch.daemon("revoked")
                .edit("^access_key_id = .*", "access_key_id = \"first\"")
                .edit("^secret_access_key = .*", "secret_access_key = \"firstsecret\"");
        assertRefused(revoked, ExitCode.WRONG_CREDENTIALS, "access_key_id");
    }

    private static String credentials(String name, Instant end) {
        return "{\"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"%ssecret\", \"Expiration\": \"%s\"}"
                .formatted(name, name, end.truncatedTo(ChronoUnit.SECONDS));
    }

    /** Creates or removes a key of the user. $CEPH_CONF is the store's. */
    private static void key(String action, String name, String... options) throws InterruptedException {
        List<String> words = new ArrayList<>(
                List.of("radosgw-admin", "key", action, "--uid=test", "--key-type=s3", "--access-key=" + name));
        words.addAll(List.of(options));
        Command.of(words.toArray()).run();
    }
}
