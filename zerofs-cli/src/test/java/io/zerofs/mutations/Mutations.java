// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Breaks the program on purpose, one mutation at a time, and reports whether the tests of each mutation notice. Changes no
 * file of the checkout: {@code ci/mutations} starts it with a scratch directory and the class path of the tests.
 */
final class Mutations {
    private static final String BY = "--by=";
    private static final String SHARE = "--share=";
    private static final int SHOWN_MAX = 150;

    private final Path root;
    private final TestProcess processes;
    private final MutantCompiler compiler;
    private final ExecutorService executor;

    private Mutations(Path root, Path scratch, String libraries, int processesMax) throws IOException {
        this.root = root;
        this.processes = new TestProcess(root, scratch, libraries);
        this.compiler = new MutantCompiler(root, scratch, libraries);
        this.executor = Executors.newFixedThreadPool(processesMax);
    }

    /** The fate of a mutant. */
    private enum Fate {
        CAUGHT,
        SURVIVED,
        /** The list is wrong. */
        ERROR
    }

    private record Verdict(Fate fate, String reason) {}

    /** Expects the root of the project, a scratch directory, libraries, the number of processes, and the user's words. */
    public static void main(String[] words) {
        int status;
        try {
            Path root = Path.of(words[0]);
            Collection<Mutation> chosen = choose(
                    MutationList.read(root.resolve("ci/mutations.list")),
                    List.of(words).subList(4, words.length));
            Mutations mutations = new Mutations(root, Path.of(words[1]), words[2], Integer.parseInt(words[3]));
            status = mutations.run(chosen) ? 0 : 1;
        } catch (IOException | InterruptedException | ExecutionException | IllegalArgumentException e) {
            System.out.println("mutations: " + e.getMessage());
            status = 2;
        }
        System.exit(status);
    }

    private static Collection<Mutation> choose(Map<String, Mutation> all, List<String> words) {
        List<String> names = words.stream()
                .filter(word -> !word.startsWith(BY) && !word.startsWith(SHARE))
                .toList();
        List<String> tests = words.stream()
                .filter(word -> word.startsWith(BY))
                .flatMap(word -> Arrays.stream(word.substring(BY.length()).split(",")))
                .toList();
        List<Mutation> chosen = new ArrayList<>();
        for (String name : names.isEmpty() ? share(List.copyOf(all.keySet()), words) : names) {
            Mutation mutation = all.get(name);
            if (mutation == null) {
                throw new IllegalArgumentException("there is no mutation " + name + ", see --list");
            }
            chosen.add(tests.isEmpty() ? mutation : mutation.withTests(tests));
        }
        return chosen;
    }

    /** Returns as many neighbours in the list as {@code --share=COUNT:NUMBER} wants; all without this word. */
    static List<String> share(List<String> all, List<String> words) {
        String[] share = words.stream()
                .filter(word -> word.startsWith(SHARE))
                .map(word -> word.substring(SHARE.length()).split(":"))
                .findFirst()
                .orElse(new String[] {"" + all.size(), "0"});
        int first = (int) Long.remainderUnsigned(Long.parseUnsignedLong(share[1]), all.size());
        return IntStream.range(first, first + Integer.parseInt(share[0]))
                .mapToObj(place -> all.get(place % all.size()))
                .toList();
    }

    private boolean run(Collection<Mutation> chosen) throws InterruptedException, ExecutionException {
        long began = System.nanoTime();
        try {
            processes.runUnmutated(
                    chosen.stream()
                            .flatMap(each -> each.tests().stream())
                            .distinct()
                            .toList(),
                    executor);
            System.out.printf(Locale.ROOT, "the tests pass without a mutation after %.0f s%n", seconds(began));
            Map<Mutation, Future<Verdict>> verdicts = new LinkedHashMap<>();
            chosen.forEach(each -> verdicts.put(each, executor.submit(() -> verdictOf(each))));
            return report(verdicts, began);
        } finally {
            executor.shutdownNow();
        }
    }

    private static boolean report(Map<Mutation, Future<Verdict>> verdicts, long began)
            throws InterruptedException, ExecutionException {
        Map<Fate, Integer> counts = new EnumMap<>(Fate.class);
        for (Map.Entry<Mutation, Future<Verdict>> each : verdicts.entrySet()) {
            Verdict verdict = each.getValue().get();
            counts.merge(verdict.fate(), 1, Integer::sum);
            String reason = verdict.reason();
            System.out.printf(
                    "%-34s %-8s %s%n",
                    each.getKey().name(),
                    verdict.fate() == Fate.CAUGHT ? "caught" : verdict.fate(),
                    reason.substring(0, Math.min(SHOWN_MAX, reason.length())));
        }
        int survived = counts.getOrDefault(Fate.SURVIVED, 0);
        int errors = counts.getOrDefault(Fate.ERROR, 0);
        System.out.printf(
                Locale.ROOT,
                "mutations: %d caught, %d survived, %d errors in %.0f s%n",
                counts.getOrDefault(Fate.CAUGHT, 0),
                survived,
                errors,
                seconds(began));
        return survived == 0 && errors == 0;
    }

    private Verdict verdictOf(Mutation mutation) throws IOException, InterruptedException {
        try {
            Path classes =
                    compiler.compile(mutation, mutation.applyTo(Files.readString(root.resolve(mutation.file()))));
            for (String test : mutation.tests()) {
                String failure = processes.failureOf(test, classes);
                if (failure != null) {
                    return new Verdict(Fate.CAUGHT, failure);
                }
            }
            return new Verdict(Fate.SURVIVED, "broken: " + mutation.breaks());
        } catch (IllegalArgumentException e) {
            return new Verdict(Fate.ERROR, e.getMessage());
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
