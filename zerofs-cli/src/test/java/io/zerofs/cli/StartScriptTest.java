// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.zerofs.cli.config.CacheConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * The start script, with a Java that answers the script's question as the program does, and prints the flags of every other
 * start.
 */
class StartScriptTest {
    private static final long MIB = 1 << 20;

    private static final Path SCRIPT =
            Path.of("src", "main", "stub", "zerofs.sh").toAbsolutePath();

    private static final String JAVA = """
            #!/bin/sh
            case " $* " in
              *" --java-flags "*)
                echo asked >>'%1$s/asked'
                echo '[0.001s][warning][gc] a line of Java itself'
                while [ "$1" != -jar ]; do shift; done
                shift 2
                exec '%2$s/bin/java' -XX:TieredStopAtLevel=1 -cp '%3$s' io.zerofs.cli.Main "$@" ;;
            esac
            printf '%%s\\n' "$@" "kept=$ZEROFS_KEPT_JAVA_FLAGS"
            """;

    private static final String STORAGE = "[storage]\nurl = \"file:///store\"\nencryption_password = ";

    @TempDir
    Path directory;

    /** The end of a start: its status, the flags or the output, and all lines on stderr. */
    private record Start(int status, List<String> lines, List<String> errors) {
        long mebibytes(String flag) {
            List<String> found =
                    lines.stream().filter(line -> line.startsWith(flag)).toList();
            assertEquals(1, found.size(), () -> flag + " in " + this);
            return Long.parseLong(found.get(0).substring(flag.length()).replace("m", ""));
        }

        void assertFits(double gigabytes) {
            assertEquals(List.of(), errors);
            assertEquals(0, status);
            CacheConfig cache = new CacheConfig(Path.of("cache"), 10, gigabytes);
            long heap = mebibytes("-Xmx");
            long direct = mebibytes("-XX:MaxDirectMemorySize=");
            assertDoesNotThrow(() -> RunCommand.requireHeap(cache, heap * MIB, direct * MIB));
            assertEquals(224 + Math.round(gigabytes * 1000) * 5 / 8, heap);
        }
    }

    private static Stream<Arguments> spellings() {
        String section = "[cache]\ndir = \"/var/cache#1\"\n";
        return Stream.of(
                arguments(0.5, section + "memory_size_gb = 0.5"),
                arguments(1, section + "memory_size_gb=1"),
                arguments(0.5, section + "\tmemory_size_gb\t=  0.5   # of 8, not memory_size_gb = 0.9"),
                arguments(0.5, section + "'memory_size_gb' = 0.5"),
                arguments(0.5, section + "\"memory\\u005fsize_gb\" = 0.5"),
                arguments(1, section + "memory_size_gb = 0x1"),
                arguments(1, section + "memory_size_gb = +1_0.0e-1\r"),
                arguments(0.5, "cache.memory_size_gb = 0.5\ncache.dir = '/c'"),
                arguments(0.5, "\"cache\" . 'memory_size_gb' = 5E-1\ncache.dir = '/c'"),
                arguments(0.5, "cache = { memory_size_gb = 0.5, dir = '/c' }"),
                arguments(0.5, "cache = { dir = 'memory_size_gb = 0.9', memory_size_gb = 0.5 }"),
                arguments(0.5, "\uFEFF[ cache ]\nmemory_size_gb = 0.5\ndir = 'memory_size_gb = 0.9'"),
                arguments(0.25, section + "# memory_size_gb = 0.9"),
                arguments(0.25, section + "disk_size_gb = 9.0 # memory_size_gb = 0.9"),
                arguments(0.25, "[cache]\ndir = \"\"\"/c/\\\nmemory_size_gb = 0.9\"\"\""),
                arguments(0.25, "[cache]\ndir = '${HOME} memory_size_gb = 0.9'"));
    }

    @ParameterizedTest
    @MethodSource("spellings")
    void heapAndDirectMemoryFitTheConfiguration(double gigabytes, String cache) throws Exception {
        startWith(cache + "\n" + STORAGE + "\"\"\"\nmemory_size_gb = 0.8\n\"\"\"\n")
                .assertFits(gigabytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c FILE", "-cFILE", "-c=FILE", "--config FILE", "--config=FILE", "--create -c FILE"})
    void theConfigurationIsReadHoweverItIsNamed(String arguments) throws Exception {
        configure(0.5);
        String[] words = arguments.replace("FILE", "z.toml").split(" ");
        start(words).assertFits(0.5);
        start(words).assertFits(0.5);
        assertEquals(1, asked());
    }

    @Test
    void onlyAnotherContentIsAskedFor() throws Exception {
        for (double gigabytes : new double[] {0.5, 0.5, 0.75, 0.5, 0.75}) {
            configure(gigabytes);
            start("-c", "z.toml").assertFits(gigabytes);
        }
        assertEquals(2, asked());
    }

    @Test
    void withoutAPlaceToKeepTheAnswerEachStartAsks() throws Exception {
        Files.writeString(directory.resolve("zerofs-java"), "not a directory");
        configure(0.5);
        start("-c", "z.toml").assertFits(0.5);
        start("-c", "z.toml").assertFits(0.5);
        assertEquals(2, asked());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxr-xr-x", "rwxrwx---", "a link"})
    void aDirectoryThatOthersCanChangeIsNotUsed(String mode) throws Exception {
        configure(0.5);
        Path place = kept(start("-c", "z.toml")).getParent();
        if (mode.startsWith("r")) {
            Files.setPosixFilePermissions(place, PosixFilePermissions.fromString(mode));
        } else {
            Files.createSymbolicLink(place, Files.move(place, directory.resolve("elsewhere")));
        }
        Start second = start("-c", "z.toml");
        second.assertFits(0.5);
        assertEquals(Path.of(""), kept(second));
        assertEquals(2, asked());
    }

    @ParameterizedTest
    @ValueSource(strings = {".", ".cache"})
    void nothingIsKeptBelowADirectoryThatOthersCanChange(String name) throws Exception {
        Path home = Files.createDirectory(directory.resolve("home"));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        Map<String, String> there = Map.of("HOME", home.toString(), "XDG_CACHE_HOME", "");
        configure(0.5);
        assertEquals(
                home.resolve(".cache/zerofs-java"),
                kept(run(there, "-c", "z.toml")).getParent());
        for (String mode : List.of("rwxrwx---", "rwx----w-")) {
            Files.setPosixFilePermissions(home.resolve(name), PosixFilePermissions.fromString(mode));
            Start start = run(there, "-c", "z.toml");
            start.assertFits(0.5);
            assertEquals(Path.of(""), kept(start), mode);
        }
    }

    @Test
    void directoriesForTheAnswerArePrivate() throws Exception {
        Path place = directory.resolve("absent/cache");
        configure(0.5);
        run(Map.of("XDG_CACHE_HOME", place.toString()), "-c", "z.toml").assertFits(0.5);
        for (Path each : List.of(place.getParent(), place, place.resolve("zerofs-java"))) {
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(each)));
        }
    }

    @Test
    void withoutAHomeNothingIsKept() throws Exception {
        configure(0.5);
        Start start = run(Map.of("HOME", "", "XDG_CACHE_HOME", ""), "-c", "z.toml");
        start.assertFits(0.5);
        assertEquals(Path.of(""), kept(start));
    }

    /** Every user can see the arguments of the commands to which the script passes the name. */
    @Test
    void theNameOfTheKeptAnswerRevealsNothingAboutTheConfiguration() throws Exception {
        configure(0.5);
        Start first = start("-c", "z.toml");
        Path kept = kept(first);
        assertFalse(
                first.lines().stream().anyMatch(line -> line.startsWith("-") && line.contains(".flags")),
                first::toString);
        Path salt = kept.resolveSibling("salt");
        assertEquals(16, Files.size(salt));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(salt)));
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        sha256.update(Files.readAllBytes(salt));
        String sum = HexFormat.of().formatHex(sha256.digest(Files.readAllBytes(directory.resolve("z.toml"))));
        assertTrue(kept.toString().endsWith("." + sum + ".flags"), kept::toString);
        Files.write(salt, new byte[] {1, 2, 3});
        assertNotEquals(kept, kept(start("-c", "z.toml")));
    }

    @Test
    void withoutSha256sumTheNameHasSixteenBits() throws Exception {
        Path tools = Files.createDirectory(directory.resolve("tools"));
        for (String name :
                "cat cksum dirname grep head id locale ls mkdir mktemp mv readlink rm sed tail tr".split(" ")) {
            Path tool =
                    Files.writeString(tools.resolve(name), "#!/bin/sh\nPATH=/usr/bin:/bin exec " + name + " \"$@\"\n");
            Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
        }
        configure(0.5);
        Path kept = kept(run(Map.of("PATH", tools.toString()), "-c", "z.toml"));
        String[] parts = kept.getFileName().toString().split("\\.");
        assertTrue(Integer.parseInt(parts[1]) < 1 << 16, kept::toString);
    }

    @Test
    void theQuestionDoesNotJudgeTheMachine() throws Exception {
        configure(1000);
        start("-c", "z.toml").assertFits(1000);
    }

    @Test
    void aWrongAnswerThatIsKeptIsForgotten() throws Exception {
        configure(0.5);
        Start first = start("-c", "z.toml");
        Path kept = kept(first);
        CacheConfig cache = new CacheConfig(Path.of("cache"), 10, 0.5);
        assertFalse(JavaFlags.forgetIfWrong(kept, cache));
        Files.writeString(kept, "-Xmx9m\n");
        assertEquals(kept, kept(start("-c", "z.toml")));
        assertTrue(JavaFlags.forgetIfWrong(kept, cache));
        assertFalse(JavaFlags.forgetIfWrong(kept, cache));
        start("-c", "z.toml").assertFits(0.5);
        Files.writeString(kept, "");
        start("-c", "z.toml").assertFits(0.5);
        assertEquals(3, asked());
    }

    @Test
    void theKeptAnswersHaveALimitInAnyPath() throws Exception {
        Path home = Files.createDirectory(directory.resolve("a\nb"));
        Map<String, String> there = Map.of("XDG_CACHE_HOME", home.toString());
        configure(0.75);
        run(there, "-c", "z.toml");
        Path answers = home.resolve("zerofs-java");
        for (int i = 0; i < 105; i++) {
            Files.writeString(answers.resolve(i + ".flags"), "-Xmx9m\n");
        }
        configure(0.5);
        run(there, "-c", "z.toml").assertFits(0.5);
        try (Stream<Path> left = Files.list(answers)) {
            assertEquals(101, left.count()); // with the salt
        }
        run(there, "-c", "z.toml").assertFits(0.5);
        assertEquals(2, asked());
    }

    /** The question reports the mistake, and nothing else starts. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "memory_size_gb = one | 10 | z.toml:2: ",
                "memory_size_gb = 0.01 | 10 | z.toml:2: [cache] memory_size_gb: 0.01 is not between 0.1 and 1000",
                "dir = \"${NOT_SET}\" | 10 | z.toml:2: [cache] dir: environment variable NOT_SET is not set",
            })
    void aMistakeIsReportedOnce(String line, int status, String message) throws Exception {
        Start start = startWith(
                "[cache]\n" + line + (line.startsWith("dir") ? "" : "\ndir = '/c'") + "\n" + STORAGE + "'p'\n");
        assertEquals(status, start.status());
        assertEquals(List.of(), start.lines());
        assertEquals(1, start.errors().size(), start::toString);
        assertTrue(start.errors().get(0).startsWith("zerofs: " + message), start::toString);
    }

    @Test
    void wrongArgumentsAndHelpAreAnsweredOnce() throws Exception {
        assertEquals(
                List.of("zerofs: Missing required option: '--config=FILE'; see `zerofs run --help`"), start().errors());
        assertEquals(2, start("-c").status());
        assertEquals(
                List.of("zerofs: none.toml: no such file; `zerofs init none.toml` writes one"),
                start("-c", "none.toml").errors());
        Start help = start("--help", "-c", "z.toml");
        assertEquals(0, help.status());
        assertTrue(help.toString().contains("Usage: zerofs run "), help::toString);
        assertFalse(help.toString().contains("--java-flags"), help::toString);
    }

    /** The script answers without a start of Java. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "-h",
                "run --help",
                "run -h",
                "init --help",
                "init -h",
                "change-password --help",
                "change-password -h",
                "--version",
                "-V",
                "run --version",
                "run -V"
            })
    void theAnswersOfTheScriptAreThoseOfTheProgram(String line) throws Exception {
        StringWriter printed = new StringWriter();
        assertEquals(
                0,
                new CommandLine(new Main())
                        .setOut(new PrintWriter(printed))
                        .setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF))
                        .execute(line.split(" ")));
        List<String> command = new ArrayList<>(List.of("sh", SCRIPT.toString()));
        command.addAll(List.of(line.split(" ")));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("ZEROFS_JAVA", "/nowhere/java");
        Process process = builder.start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), answer);
        // In this test the class has no manifest, and the script is as before the build.
        assertEquals(printed.toString(), answer.replace("@VERSION@", "development"));
    }

    @Test
    void aPipeIsRefused() throws Exception {
        assertEquals(
                List.of("zerofs: /dev/stdin: not a regular file; the start reads it twice, so it cannot be a pipe"),
                start("-c", "/dev/stdin").errors());
    }

    /** The script looks for it in a list of classes, to find out whether that run has served a client. */
    @Test
    void theClassThatTheScriptLooksForIsThere() throws IOException, ClassNotFoundException {
        Matcher named = Pattern.compile("io/zerofs/[a-z/]+/[A-Z]\\w+").matcher(Files.readString(SCRIPT));
        assertTrue(named.find());
        Class.forName(named.group().replace('/', '.'));
    }

    @Test
    void flagsOfTheUsersOwnCountLast() throws Exception {
        configure(0.5);
        List<String> flags =
                run(Map.of("ZEROFS_JAVA_OPTS", "-Xmx9m -Xms8m"), "-c", "z.toml").lines();
        assertEquals(
                "-Xmx9m", flags.stream().filter(flag -> flag.startsWith("-Xmx")).reduce("", (before, last) -> last));
    }

    /** The key of a volume needs 64 MiB. */
    @ParameterizedTest
    @ValueSource(strings = {"change-password", "doctor", "fsck", "snapshot"})
    void commandsThatOpenAVolumeHaveTheHeapForItsKey(String name) throws Exception {
        configure(0.5);
        assertTrue(start(name, Map.of(), "-c", "z.toml").lines().contains("-Xmx512m"), name);
    }

    @Test
    void aHeapThatDoesNotFitIsRefusedWithTheFlagsThatDo() {
        CacheConfig cache = new CacheConfig(directory, 10, 4);
        ExitException refused =
                assertThrows(ExitException.class, () -> RunCommand.requireHeap(cache, 380 * MIB, 1000 * MIB));
        assertEquals(ExitCode.CONFIG, refused.code());
        assertEquals(
                "[cache] memory_size_gb = 4.0 needs 2513 MiB of Java heap and 320 MiB of direct memory, and Java has 380 and"
                        + " 1000: without the start script, or with flags of your own, use -Xmx2513m and"
                        + " -XX:MaxDirectMemorySize=320m",
                refused.getMessage());
        assertThrows(ExitException.class, () -> RunCommand.requireHeap(cache, 3000 * MIB, 300 * MIB));
        assertDoesNotThrow(() -> RunCommand.requireHeap(cache, 2513 * MIB, 320 * MIB));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.25, 1, 4, 16, 100, 1_000})
    void theFlagsOfEachSizeFitIt(double gigabytes) {
        CacheConfig cache = new CacheConfig(directory, 10, gigabytes);
        new Start(0, List.of(JavaFlags.of(cache).split(" ")), List.of()).assertFits(gigabytes);
    }

    private void configure(double gigabytes) throws IOException {
        Files.writeString(
                directory.resolve("z.toml"),
                "[cache]\ndir = '/c'\nmemory_size_gb = " + gigabytes + "\n" + STORAGE + "'p'\n");
    }

    private long asked() throws IOException {
        return Files.readAllLines(directory.resolve("asked")).size();
    }

    /** Returns the file of the answer, which the script names to the program. */
    private static Path kept(Start start) {
        return start.lines().stream()
                .filter(line -> line.startsWith("kept="))
                .map(line -> Path.of(line.substring(line.indexOf('=') + 1)))
                .findFirst()
                .orElseThrow();
    }

    private Start startWith(String config) throws IOException, InterruptedException {
        Files.writeString(directory.resolve("z.toml"), config);
        return start("-c", "z.toml");
    }

    private Start start(String... arguments) throws IOException, InterruptedException {
        return run(Map.of(), arguments);
    }

    private Start run(Map<String, String> variables, String... arguments) throws IOException, InterruptedException {
        return start("run", variables, arguments);
    }

    private Start start(String name, Map<String, String> variables, String... arguments)
            throws IOException, InterruptedException {
        Path java = Files.writeString(
                directory.resolve("java"),
                JAVA.formatted(directory, System.getProperty("java.home"), System.getProperty("java.class.path")));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
        List<String> command = new ArrayList<>(List.of("sh", SCRIPT.toString(), name));
        command.addAll(List.of(arguments));
        Path output = directory.resolve("output");
        Path errors = directory.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().put("ZEROFS_JAVA", java.toString());
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "ZEROFS_JAVA_OPTS"));
        builder.environment().put("TMPDIR", directory.toString());
        builder.environment().put("XDG_CACHE_HOME", directory.toString());
        builder.environment().putAll(variables);
        Process process = builder.start();
        process.getOutputStream().close();
        return new Start(process.waitFor(), Files.readAllLines(output), Files.readAllLines(errors));
    }
}
