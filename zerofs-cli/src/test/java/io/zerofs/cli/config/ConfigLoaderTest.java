// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.secret.Secret;
import io.zerofs.server.access.UserMapping;
import io.zerofs.server.net.AddressRange;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.Durability;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {
    private static final String SMALLEST = """
            [cache]
            dir = "/var/cache/zerofs"
            [storage]
            url = "s3://bucket/some/prefix/"
            encryption_password = "${PASSWORD}"
            """;

    private static final Environment ENVIRONMENT =
            environment("PASSWORD=sec\"ret\n[x]\0PORT=7\0YES=true\0EMPTY=\0nonsense\0LETTERS=\u043f\u0430\0PORT=8\0");

    private static Environment environment(String block) {
        return Environment.parse(block.getBytes(StandardCharsets.UTF_8));
    }

    private static ZerofsConfig load(String toml) throws ConfigException {
        return new ConfigLoader(ENVIRONMENT).parse("z.toml", toml);
    }

    private static String error(String toml) {
        return assertThrows(ConfigException.class, () -> load(toml)).getMessage();
    }

    @Test
    void restOfALineWithAPasswordIsNotQuoted() {
        String message = error("[storage]\nencryption_password# = \"hunter2\"\n");
        assertTrue(message.startsWith("z.toml:2: Unexpected '# =…', expected"), message);
    }

    @Test
    void smallestFileGetsTheDefaults() throws ConfigException {
        ZerofsConfig config = load(SMALLEST);
        assertEquals(Path.of("/var/cache/zerofs"), config.cache().dir());
        assertEquals(10_000_000_000L, config.cache().diskBytes());
        assertEquals(250_000_000L, config.cache().memoryBytes());
        assertEquals(
                new StoreLocation.S3("bucket", "some/prefix"), config.storage().url());
        assertEquals(5.0, config.lsm().flushIntervalSecs());
        assertEquals(FilesystemConfig.Codec.LZ4, config.filesystem().compression());
        assertEquals(Optional.empty(), config.filesystem().maxSizeGb());
        assertEquals(
                new ServersConfig(true, 0.75, 1_024, Optional.empty(), Optional.empty(), Optional.empty(), 60),
                config.servers());
        assertEquals(Optional.empty(), config.aws());
    }

    @Test
    void aVariablesContentIsTakenAsItIs() throws ConfigException {
        assertEquals(Secret.of("sec\"ret\n[x]"), load(SMALLEST).storage().encryptionPassword());
    }

    @Test
    void aPasswordsBytesAreTakenAsTheyAre() throws ConfigException {
        byte[] noText = {'p', (byte) 0xE4, (byte) 0xFF};
        ZerofsConfig config = new ConfigLoader(name -> Optional.of(noText)).parse("z.toml", SMALLEST);
        assertEquals(Secret.of(noText), config.storage().encryptionPassword());
        assertEquals(
                Secret.of("<\u043f\u0430>"),
                load(SMALLEST.replace("${PASSWORD}", "<${LETTERS}>")).storage().encryptionPassword());
        assertEquals(
                Secret.of("\uFFFD"),
                load(SMALLEST.replace("${PASSWORD}", "\\uFFFD")).storage().encryptionPassword());
    }

    @Test
    void textOfTheEnvironmentThatIsNotUtf8IsRefused() {
        ConfigLoader loader = new ConfigLoader(name -> Optional.of(new byte[] {(byte) 0xE4}));
        String toml = SMALLEST.replace("/var/cache", "${DIR}");
        assertEquals(
                "z.toml:2: [cache] dir: environment variable DIR is not UTF-8 text",
                assertThrows(ConfigException.class, () -> loader.parse("z.toml", toml))
                        .getMessage());
    }

    @Test
    void aByteOrderMarkIsNoPartOfTheText(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("z.toml"), "\uFEFF" + SMALLEST);
        assertEquals(
                Path.of("/var/cache/zerofs"),
                new ConfigLoader(ENVIRONMENT).load(file).cache().dir());
    }

    @ParameterizedTest
    @CsvSource({"file:///a%20b/c+d,/a b/c+d", "file:///%25/%D0%BF,/%/\u043f", "file:///a b,/a b"})
    void aFileUrlIsReadAsAUrl(String url, String path) {
        assertEquals(new StoreLocation.Local(Path.of(path)), StoreLocation.parse(url));
    }

    @Test
    void referencesWithoutBracesAreRefusedButWhereTheyMayBePartOfAPassword() throws ConfigException {
        String advice = " is not replaced; write \"${PASSWORD}\", or put a value with a dollar sign into an environment"
                + " variable and name that";
        assertEquals(
                "z.toml:5: [storage] encryption_password: \"$PASSWORD\"" + advice,
                error(SMALLEST.replace("${PASSWORD}", "$PASSWORD")));
        assertEquals(
                "z.toml:2: [cache] dir: \"$PASSWORD\"" + advice,
                error(SMALLEST.replace("/var/cache", "/var/$PASSWORD")));
        assertEquals(
                Secret.of("p$PASSWORD"),
                load(SMALLEST.replace("${PASSWORD}", "p$PASSWORD")).storage().encryptionPassword());
    }

    @Test
    void aTildeIsRefused() {
        assertEquals(
                "z.toml:2: [cache] dir: \"~\" is not replaced; write \"${HOME}/.cache/zerofs\"",
                error(SMALLEST.replace("/var/cache", "~/.cache")));
    }

    @Test
    void aDoubledDollarMeansALiteralReference() throws ConfigException {
        ZerofsConfig config = load(SMALLEST.replace("${PASSWORD}", "a$b$${PASSWORD}$"));
        assertEquals(Secret.of("a$b${PASSWORD}$"), config.storage().encryptionPassword());
    }

    @Test
    void anEmptySectionTurnsAServerOn() throws ConfigException {
        NfsConfig nfs = load(SMALLEST + "[servers.nfs]").servers().nfs().orElseThrow();
        assertEquals(List.of(ListenAddress.tcp("127.0.0.1", 2049)), nfs.listen());
        assertEquals(Durability.COMMIT, nfs.durability());
    }

    @Test
    void addressesReplaceHostAndPort() throws ConfigException {
        String toml = SMALLEST
                + "[servers.ninep]\nunix_socket = \"/run/s\"\n"
                + "addresses = [\"10.0.0.1:1\", \"[::1]:2\", \"127.0.0.1:${PORT}\"]";
        assertEquals(
                List.of(
                        ListenAddress.tcp("10.0.0.1", 1),
                        ListenAddress.tcp("::1", 2),
                        ListenAddress.tcp("127.0.0.1", 7),
                        ListenAddress.unix(Path.of("/run/s"))),
                load(toml).servers().ninep().orElseThrow().listen());
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "\"true\"", "\"${YES}\""})
    void switchesMayBeStrings(String written) throws ConfigException {
        ZerofsConfig config = load(SMALLEST + "[aws]\nendpoint=\"http://h:1\"\nallow_http = " + written);
        assertTrue(config.aws().orElseThrow().allowHttp());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[servers.nfs];prot = 1 | z.toml:7: unknown key \"prot\" in [servers.nfs]; did you mean \"port\"?",
                "[server.nfs] | z.toml:6: unknown key \"server\"; did you mean \"servers\"?",
                "[lsm];wal = 1 | z.toml:7: unknown key \"wal\" in [lsm]; known are flush_interval_secs",
                "[servers.nfs];port = 0 | z.toml:7: [servers.nfs] port: 0 is not between 1 and 65535",
                "[servers.nfs];port = \"x\" | z.toml:7: [servers.nfs] port: must be a whole number, not a string",
                "[servers.nfs];port = 1.5 | z.toml:7: [servers.nfs] port: must be a whole number, not a number",
                "[servers.nfs];host = 1 | z.toml:7: [servers.nfs] host: must be a string, not a number",
                "[servers.nfs];host = \"${NONE}\" "
                        + "| z.toml:7: [servers.nfs] host: environment variable NONE is not set",
                "[servers.nfs];durability = \"all\" "
                        + "| z.toml:7: [servers.nfs] durability: \"all\" is not one of strict, commit, relaxed",
                "[servers.nfs];addresses = [\"1\"] | z.toml:7: [servers.nfs] addresses: \"1\" is not of the form host:port",
                "[servers.nfs];addresses = [\"::1:5\"] "
                        + "| z.toml:7: [servers.nfs] addresses: \"::1:5\": an IPv6 address is written [address]:port",
                "[aws];access_key_id = \"k\" "
                        + "| z.toml:6: [aws] access_key_id and secret_access_key belong together",
                "[aws];endpoint = \"http://h\" "
                        + "| z.toml:6: [aws] endpoint is plain http; set allow_http = true if that is meant",
                "[aws];endpoint = \"h:1\" "
                        + "| z.toml:7: [aws] endpoint: \"h:1\" is not a URL; expected https://host[:port]",
                "[aws];access_key_id = \"${EMPTY}\" | z.toml:7: [aws] access_key_id: must not be empty",
                "[aws];default_region = \" \" | z.toml:7: [aws] default_region: must not be empty",
                "[azure];storage_account_name = \"\" | z.toml:7: [azure] storage_account_name: must not be empty",
                "[azure] | z.toml:6: [azure] storage_account_name is missing",
                "[servers.nbd];tls_required = true "
                        + "| z.toml:6: [servers.nbd] tls_required needs tls_certificate and tls_key",
                "[servers.nbd];tls_client_ca = \"/x\" "
                        + "| z.toml:6: [servers.nbd] tls_client_ca needs tls_certificate and tls_key",
                "[filesystem];max_size_gb = nan "
                        + "| z.toml:7: [filesystem] max_size_gb: NaN is not between 0.001 and 1000000000",
                "[filesystem];root_mode = \"rwx\" | z.toml:6: [filesystem] root_mode is not a mode;"
                        + " expected octal digits like \"0755\"",
                "[[lsm]] | z.toml:6: \"lsm\" must be a section, [lsm]"
            })
    void mistakesAreNamedWithTheirLine(String addition, String message) {
        assertEquals(message, error(SMALLEST + addition.replace(";", "\n")));
    }

    @Test
    void theOriginalsNameOfTheRegionIsUnderstood() throws ConfigException {
        assertEquals(
                Optional.of("eu-west-1"),
                load(SMALLEST + "[aws]\nregion = \"eu-west-1\"")
                        .aws()
                        .orElseThrow()
                        .defaultRegion());
        assertEquals(
                "z.toml:8: [aws] region is another name of default_region",
                error(SMALLEST + "[aws]\ndefault_region = \"a\"\nregion = \"b\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3a://bucket/p", "az://container/p"})
    void theOriginalsNamesOfSchemesAreUnderstood(String url) {
        assertEquals(
                url.startsWith("s3a") ? new StoreLocation.S3("bucket", "p") : new StoreLocation.Azure("container", "p"),
                StoreLocation.parse(url));
    }

    /** Keys and values of the original that have no meaning here, and keys in a wrong place. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[servers.rpc];addresses = [\"127.0.0.1:7000\"] | [servers]; remove it: there is no RPC server;",
                "[servers.webui] | [servers]; remove it: there is no web interface;",
                "[servers.ha];enabled = true | [servers]; remove it: a daemon that is started with the same url",
                "[servers.9p] | [servers]; write [servers.ninep]",
                "[telemetry];enabled = false | \"telemetry\"; remove it: nothing is ever sent",
                "[wal];url = \"\" | \"wal\"; remove it: the log is part of the objects",
                "[gcp] | \"gcp\"; Google Cloud Storage is not supported",
                "[encryption];password = \"p\" | \"encryption\"; write the password as encryption_password",
                "[filesystem];storage_class = \"x\" | remove it: a lifecycle rule of the bucket",
                "[filesystem];warm_metadata = true | remove it: the index is fetched whole",
                "[aws];conditional_put = \"etag\" | remove it: conditional writes are always used",
                "[aws];copy_if_not_exists = \"x\" | remove it: objects are never copied",
                "[lsm];sync_writes = true | write durability = \"strict\" in [servers.nfs]",
                "[lsm];wal_enabled = true | remove it: the log cannot be turned off",
                "[lsm];l0_max_ssts = 16 | remove it: the index tunes itself",
                "[lsm];max_concurrent_compactions = 8 | remove it: the index tunes itself",
                "[lsm];max_unflushed_gb = 1.0 | remove it: [cache] memory_size_gb bounds",
                "[aws];token = \"x\" | write session_token",
                "[aws];ENDPOINT = \"http://h\" | did you mean \"endpoint\"?",
                "[azure];account_key = \"x\" | write storage_account_key",
                "[azure];client_id = \"x\" | set AZURE_CLIENT_ID in the environment",
                "[filesystem];compression = \"zstd-3\" | compression: \"zstd-3\" is not available; write \"lz4\"",
                "[nfs] | unknown key \"nfs\"; did you mean [servers.nfs]?",
                "[lsm];unix_socket = \"/s\" | did you mean [servers.ninep] unix_socket or [servers.nbd] unix_socket or"
                        + " [control] unix_socket?",
            })
    void foreignKeysAreRefusedWithAdvice(String addition, String advice) {
        String message = error(SMALLEST + addition.replace(";", "\n"));
        assertTrue(message.contains(advice), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gs://bucket/p | Google Cloud Storage is not supported",
                "abfss://container@account.dfs.core.windows.net/p | write azure://container/prefix",
                "memory:/// | a volume in memory would be lost",
                "https://host/bucket | write s3://bucket/prefix, and the address as endpoint in [aws]",
                "ftp://h/x | unknown scheme"
            })
    void foreignSchemesAreRefusedWithAdvice(String url, String advice) {
        String message = error(SMALLEST.replace("s3://bucket/some/prefix/", url));
        assertTrue(message.contains("\"" + url + "\": " + advice), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bucket",
                "ftp://x/y",
                "s3:///p",
                "s3://b/../x",
                "file://relative",
                "azure://",
                "s3://b/a//b",
                "file:///50%",
                "file:///%FF"
            })
    void badUrlsAreRefused(String url) {
        String message = error(SMALLEST.replace("s3://bucket/some/prefix/", url));
        assertTrue(message.startsWith("z.toml:4: [storage] url: \"" + url + "\""), message);
    }

    @Test
    void aLongValueIsNotRepeatedWhole() {
        String message = error(SMALLEST.replace("s3://bucket/some/prefix/", "x".repeat(5_000)));
        assertTrue(message.startsWith("z.toml:4: [storage] url: \"xxx"), message);
        assertTrue(message.endsWith("or file:///path"), message);
        assertTrue(message.length() < 1_000, message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"socket_mode = \"0660\"", "socket_group = \"zerofs\""})
    void keysOfASocketNeedASocket(String setting) {
        String message = error(SMALLEST + "[servers.ninep]\n" + setting + "\n");
        assertTrue(message.endsWith("[servers.ninep] socket_mode and socket_group need unix_socket"), message);
    }

    @Test
    void credentialsInAUrlAreRefusedAndNotRepeated() {
        String url = error(SMALLEST.replace("s3://bucket", "s3://key:hunter2@bucket"));
        String endpoint = error(SMALLEST + "[aws]\nendpoint = \"https://key:hunter2@host\"\n");
        for (String message : List.of(url, endpoint)) {
            assertTrue(message.contains("credentials do not belong in a URL"), message);
            assertFalse(message.contains("hunter2"), message);
        }
    }

    @Test
    void messagesDoNotRepeatSecrets() {
        String message = error(SMALLEST.replace("\"${PASSWORD}\"", "[\"hunter2\"]"));
        assertEquals("z.toml:5: [storage] encryption_password: must be a string, not a list", message);
        assertFalse(error(SMALLEST.replace("\"${PASSWORD}\"", "\"hunter2")).contains("hunter2"));
    }

    @Test
    void malformedReferencesAreRefused() {
        assertTrue(error(SMALLEST.replace("${PASSWORD}", "${PASS WORD}")).contains("malformed reference"));
        assertTrue(error(SMALLEST.replace("${PASSWORD}", "${PASSWORD")).contains("malformed reference"));
    }

    @Test
    void nonsenseThatTheParserStumblesOverIsRefused() {
        assertTrue(error("[storag#f\uFFFD\u001aq\uFFFD\u0002\uFFFD\u0016U\nurl = \"a\"\n")
                .startsWith("z.toml:"));
        assertTrue(error("[storag#f\uFFFD\u0016U\n").startsWith("z.toml:"));
    }

    @Test
    void aServerHasKeysForItsClientsAndItsExports() throws ConfigException {
        NinepConfig ninep = load(SMALLEST + """
                        [servers.ninep]
                        host = "0.0.0.0"
                        allow = ["10.0.0.0/8", "::1"]
                        unix_socket = "/run/s"
                        socket_mode = "0660"
                        socket_group = "users"
                        read_only = true
                        root = "/a"
                        squash = "root"
                        anon_uid = 7
                        """).servers().ninep().orElseThrow();
        ListenAddress tcp = ListenAddress.tcp("0.0.0.0", 5564)
                .allowing(Optional.of(List.of(AddressRange.parse("10.0.0.0/8"), AddressRange.parse("::1"))));
        ListenAddress unix = new ListenAddress.UnixSocket(
                Path.of("/run/s"), Optional.of(PosixFilePermissions.fromString("rw-rw----")), Optional.of("users"));
        assertEquals(List.of(tcp, unix), ninep.listen());
        assertEquals(new ExportConfig(true, "/a"), ninep.export());
        assertEquals(
                new UserMapping(UserMapping.Squash.ROOT, 7, 65_534),
                ninep.users().mapping());
    }

    @Test
    void otherMachinesNeedToBeNamedUnlessTheOperatorAllowsAll() throws ConfigException {
        String open = "[servers.nbd]\nhost = \"0.0.0.0\"\n";
        assertTrue(load(SMALLEST + open).servers().nbd().isPresent());
        String strict = SMALLEST + "[servers]\nallow_insecure = false\n";
        assertEquals(
                "z.toml: [servers.nbd] would listen on 0.0.0.0:10809 for every machine that reaches it: set `allow` to"
                        + " the addresses of its clients, or remove `allow_insecure = false`",
                error(strict + open));
        assertTrue(error(strict + "[prometheus]\nhost = \"::\"").startsWith("z.toml: [prometheus] would listen"));
        assertTrue(
                load(strict + open + "allow = [\"10.0.0.0/8\"]").servers().nbd().isPresent());
        assertTrue(load(strict + "[servers.nbd]").servers().nbd().isPresent());
    }

    @Test
    void invalidValuesOfServerKeysAreRefused() {
        assertEquals(
                "z.toml:7: [servers.nfs] allow: \"lan\" is not a range of addresses such as 10.0.0.0/8",
                error(SMALLEST + "[servers.nfs]\nallow = [\"lan\"]"));
        assertEquals(
                "z.toml:6: [servers.nbd] socket_mode: \"rw\" is not of the form \"0660\"",
                error(SMALLEST + "[servers.nbd]\nsocket_mode = \"rw\""));
        assertEquals(
                "z.toml:7: [servers.nfs] squash: \"everybody\" is not one of none, root, all",
                error(SMALLEST + "[servers.nfs]\nsquash = \"everybody\""));
    }

    @Test
    void azureNeedsItsSection() {
        assertEquals(
                "z.toml: azure:// needs a section [azure] with storage_account_name",
                error(SMALLEST.replace("s3://bucket/some/prefix/", "azure://container")));
    }

    @Test
    void requiredSectionsAreNamed() {
        assertEquals("z.toml: [cache] dir is missing", error(""));
    }

    @Test
    void theErrorForAMissingFileNamesTheCommandThatWritesOne() {
        ConfigException e = assertThrows(
                ConfigException.class, () -> new ConfigLoader(ENVIRONMENT).load(Path.of("/nonexistent/z.toml")));
        assertEquals("/nonexistent/z.toml: no such file; `zerofs init /nonexistent/z.toml` writes one", e.getMessage());
    }

    @Test
    void theLogShowsAllSettingsButNoSecret() throws ConfigException {
        String text = SettingsText.of(load(SMALLEST + "[servers.nfs]"));
        assertTrue(
                text.startsWith("cache.dir = /var/cache/zerofs, cache.disk_size_gb = 10, cache.memory_size_gb = 0.25,"
                        + " storage.url = s3://bucket/some/prefix, storage.accept"),
                text);
        assertTrue(text.contains("servers.nfs.port = 2049"), text);
        assertFalse(text.contains("sec\"ret"), text);
    }

    @Test
    void printingAConfigurationShowsNoSecret() throws ConfigException {
        assertFalse(load(SMALLEST).toString().contains("sec\""), load(SMALLEST).toString());
    }
}
