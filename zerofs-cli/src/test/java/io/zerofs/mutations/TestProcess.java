// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import io.zerofs.core.files.Directories;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Runs test classes in small processes, as Maven does in the directory of their module. Thread-safe. */
final class TestProcess {
    /** The tests of a module see these modules. */
    private static final Map<String, List<String>> SEEN = Map.of(
            "zerofs-core", List.of("zerofs-core"),
            "zerofs-storage", List.of("zerofs-storage", "zerofs-core"),
            "zerofs-server", List.of("zerofs-server", "zerofs-core"),
            "zerofs-cli", TestSources.MODULES);

    private static final Pattern ARGUMENTS = Pattern.compile("<test\\.jvm\\.[a-z]+>([^<]+)<");
    private static final int SECONDS_MIN = 40;
    private static final int TIMES_AS_LONG_MAX = 8;
    private static final int UNMUTATED_SECONDS_MAX = 600;

    private final Path root;
    private final Path scratch;
    private final String libraries;
    private final Path checkout;
    private final TestSources sources;
    /** Arguments of Java. */
    private final List<String> arguments;

    private final Map<String, Integer> usualMillis = new ConcurrentHashMap<>();
    private final AtomicInteger started = new AtomicInteger();

    TestProcess(Path root, Path scratch, String libraries) throws IOException {
        this.root = root;
        this.scratch = scratch;
        this.libraries = libraries;
        this.sources = TestSources.of(root);
        this.arguments = argumentsOfMaven(Files.readString(root.resolve("pom.xml")));
        this.checkout = scratch.resolve("checkout");
        // A test that ends early leaves files in the target of its module, so each module has one here.
        link(root, checkout, TestSources.MODULES);
        for (String module : TestSources.MODULES) {
            link(root.resolve(module), checkout.resolve(module), List.of("target"));
            Files.createDirectories(checkout.resolve(module).resolve("target"));
        }
    }

    /** Returns the directories of compiled classes of some modules, each with the separator after it. */
    static String classPath(Path root, List<String> modules, String kind) {
        return modules.stream()
                .map(module -> root.resolve(module).resolve("target").resolve(kind) + File.pathSeparator)
                .collect(Collectors.joining());
    }

    /** Runs all classes without a mutation, and remembers the time of each. A failure would make every verdict worthless. */
    void runUnmutated(List<String> tests, ExecutorService executor) throws InterruptedException, ExecutionException {
        Map<String, List<String>> byModule = new TreeMap<>();
        tests.forEach(test -> byModule.computeIfAbsent(sources.moduleOf(test), unused -> new ArrayList<>())
                .add(test));
        List<Future<?>> runs = new ArrayList<>();
        byModule.values().forEach(each -> runs.add(executor.submit(() -> runUnmutated(each))));
        for (Future<?> run : runs) {
            run.get();
        }
    }

    private Void runUnmutated(List<String> tests) throws IOException, InterruptedException {
        Outcome outcome = run(tests, scratch.resolve("no-mutation"), UNMUTATED_SECONDS_MAX);
        if (outcome.failure() != null) {
            throw new IllegalStateException("without a mutation: " + outcome.failure());
        }
        for (String line : outcome.lines()) {
            if (line.startsWith(MutantTests.PASSED)) {
                String[] words = line.split(" ");
                usualMillis.put(words[1], Integer.parseInt(words[2]));
            }
        }
        return null;
    }

    /** Returns the failure of a test class with mutated classes before the others; null if the class passes. */
    String failureOf(String test, Path mutated) throws IOException, InterruptedException {
        int seconds = SECONDS_MIN + usualMillis.getOrDefault(sources.className(test), 0) * TIMES_AS_LONG_MAX / 1000;
        return run(List.of(test), mutated, seconds).failure();
    }

    /** @param failure null if all classes passed */
    private record Outcome(String failure, List<String> lines) {}

    private Outcome run(List<String> tests, Path mutated, int secondsMax) throws IOException, InterruptedException {
        Path directory = Files.createDirectories(scratch.resolve("run-" + started.incrementAndGet()));
        Path output = directory.resolve("output");
        String module = sources.moduleOf(tests.get(0));
        List<String> command = new ArrayList<>(command(module, mutated, directory));
        tests.forEach(test -> command.add(sources.className(test)));
        Process process = new ProcessBuilder(command)
                .directory(checkout.resolve(module).toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        String hang = null;
        try {
            if (!process.waitFor(secondsMax, TimeUnit.SECONDS)) {
                hang = "hangs: no end of " + String.join(" ", tests) + " after " + secondsMax + " s";
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        List<String> lines = Files.readAllLines(output, StandardCharsets.ISO_8859_1);
        String failure = hang != null ? hang : failureOf(process.exitValue(), lines);
        Directories.delete(directory);
        return new Outcome(failure, lines);
    }

    /** @throws IllegalArgumentException if a class cannot be run at all, which says nothing about a mutant */
    static String failureOf(int status, List<String> lines) {
        if (status == 0) {
            return null;
        }
        lines.stream()
                .filter(line -> line.startsWith(MutantTests.UNUSABLE))
                .findFirst()
                .ifPresent(line -> {
                    throw new IllegalArgumentException(line);
                });
        return lines.stream()
                .filter(line -> line.startsWith(MutantTests.FAILED))
                .findFirst()
                .map(line -> line.substring(MutantTests.FAILED.length()))
                .orElseGet(() -> "the process ended with status " + status + ": "
                        + (lines.isEmpty() ? "" : lines.get(lines.size() - 1)));
    }

    private List<String> command(String module, Path mutated, Path temporary) {
        String classPath = mutated
                + File.pathSeparator
                + classPath(root, SEEN.get(module), "test-classes")
                + classPath(root, SEEN.get(module), "classes")
                // MutantTests itself comes last, so that the tests of other modules see nothing of the CLI's.
                + libraries
                + File.pathSeparator
                + root.resolve("zerofs-cli/target/test-classes");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(arguments);
        command.addAll(List.of(
                "-Xmx512m",
                "-ea",
                "-Dzerofs.shrink=0",
                "-Djava.io.tmpdir=" + temporary,
                "-Dio.netty.leakDetection.level=paranoid"));
        command.add(
                module.equals("zerofs-server")
                        ? "-Dlogback.configurationFile=logback-server-test.xml"
                        : "-Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider");
        command.addAll(List.of("-cp", classPath, MutantTests.class.getName()));
        return command;
    }

    private static List<String> argumentsOfMaven(String pom) {
        List<String> arguments = new ArrayList<>();
        Matcher property = ARGUMENTS.matcher(pom);
        while (property.find()) {
            arguments.addAll(List.of(property.group(1).strip().split("\\s+")));
        }
        return arguments;
    }

    /** Makes a directory of links to the entries of another one. */
    private static void link(Path from, Path to, List<String> except) throws IOException {
        Files.createDirectories(to);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(from)) {
            for (Path entry : entries) {
                if (!except.contains(entry.getFileName().toString())) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }
}
