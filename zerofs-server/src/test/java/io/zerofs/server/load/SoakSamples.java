// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Sizes of a daemon over time, as lines of a table, and the verdict whether one of them grows. */
final class SoakSamples {
    /** The shortest run in which growth shows. Caches fill and checkpoints come and go before. */
    private static final long VERDICT_SECONDS_MIN = 1800;

    private static final double MIB = 1048576.0;

    /** A size: how much larger its median may be in the last quarter of a run than in the second, as a share and beyond. */
    enum Size {
        HEAP_AFTER_GC_MIB(0.10, 8),
        RESIDENT_MIB(0.05, 16),
        DIRECT_MIB(0.10, 8),
        THREADS(0, 8),
        DESCRIPTORS(0, 64),
        CACHE_FILES(0.10, 16),
        CACHE_MIB(0.10, 32),
        STORE_OBJECTS(0.20, 64),
        STORE_MIB(0.10, 32),
        LIVE_MIB(0.10, 8),
        REQUESTS(Double.NaN, 0),
        P50_MS(Double.NaN, 0),
        P99_MS(Double.NaN, 0);

        final double share;
        final double beyond;

        Size(double share, double beyond) {
            this.share = share;
            this.beyond = beyond;
        }

        String title() {
            return name().toLowerCase(Locale.ROOT);
        }

        boolean isBounded() {
            return !Double.isNaN(share);
        }
    }

    private record Sample(double second, int daemon, double... sizes) {}

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(30)).build();
    private final Path directory;
    private final long seconds;
    private final long start = System.nanoTime();
    private final List<Sample> samples = new ArrayList<>();

    SoakSamples(Path directory, long seconds) throws IOException {
        this.directory = directory;
        this.seconds = seconds;
        if (!Files.exists(table())) {
            String titles = Stream.of(Size.values()).map(Size::title).collect(Collectors.joining("\t"));
            append("second\tdaemon\t" + titles);
        }
    }

    private Path table() {
        return directory.resolve("soak.tsv");
    }

    private void append(String line) throws IOException {
        Files.writeString(table(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Adds a sample, unless no daemon serves at the moment. */
    void add(SoakServing serving, long requests, long liveBytes, long... latencies)
            throws IOException, InterruptedException {
        double[] sizes = new double[Size.values().length];
        try {
            String metrics = metrics(serving.metrics());
            sizes[Size.HEAP_AFTER_GC_MIB.ordinal()] = sum(metrics, "jvm_memory_pool_collection_used_bytes{") / MIB;
            sizes[Size.DIRECT_MIB.ordinal()] = sum(metrics, "jvm_buffer_pool_used_bytes{pool=\"direct\"}") / MIB;
            sizes[Size.RESIDENT_MIB.ordinal()] = sum(metrics, "process_resident_memory_bytes ") / MIB;
            sizes[Size.THREADS.ordinal()] = sum(metrics, "jvm_threads_current ");
            sizes[Size.DESCRIPTORS.ordinal()] = sum(metrics, "process_open_fds ");
        } catch (IOException e) {
            return;
        }
        Walk cache = Walk.of(directory.resolve(serving.name() + ".cache"));
        Walk store = Walk.of(directory.resolve("store"));
        sizes[Size.CACHE_FILES.ordinal()] = cache.files;
        sizes[Size.CACHE_MIB.ordinal()] = cache.bytes / MIB;
        sizes[Size.STORE_OBJECTS.ordinal()] = store.files;
        sizes[Size.STORE_MIB.ordinal()] = store.bytes / MIB;
        sizes[Size.LIVE_MIB.ordinal()] = liveBytes / MIB;
        sizes[Size.REQUESTS.ordinal()] = requests;
        if (latencies.length > 0) {
            sizes[Size.P50_MS.ordinal()] = latencies[latencies.length / 2] / 1e6;
            sizes[Size.P99_MS.ordinal()] = latencies[(int) (latencies.length * 0.99)] / 1e6;
        }
        add((System.nanoTime() - start) / 1e9, serving.number(), sizes);
    }

    void add(double second, int daemon, double... sizes) throws IOException {
        samples.add(new Sample(second, daemon, sizes));
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%.0f\t%d", second, daemon));
        for (double size : sizes) {
            line.append(String.format(Locale.ROOT, "\t%.2f", size));
        }
        append(line.toString());
    }

    private String metrics(int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                .timeout(Duration.ofMinutes(5))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    private static double sum(String metrics, String start) {
        return metrics.lines()
                .filter(line -> line.startsWith(start))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Compares the second and the last quarter, prints the medians, and returns what grew. */
    List<String> verdict() {
        List<String> grown = new ArrayList<>();
        int last = samples.isEmpty() ? 0 : samples.get(samples.size() - 1).daemon;
        List<Sample> second = between(0.25, 0.5);
        List<Sample> fourth = between(0.75, 1);
        if (seconds < VERDICT_SECONDS_MIN) {
            System.out.println("the run is too short to tell whether anything grows");
            return grown;
        }
        if (second.isEmpty() || fourth.isEmpty() || second.get(0).daemon != last) {
            grown.add("no daemon served from the second quarter to the end");
            return grown;
        }
        for (Size size : Size.values()) {
            double before = median(second, size);
            double after = median(fourth, size);
            double bound = before * (1 + size.share) + size.beyond;
            System.out.printf(Locale.ROOT, "%-18s %10.2f to %10.2f", size.title(), before, after);
            System.out.println(size.isBounded() ? String.format(Locale.ROOT, ", allowed %.2f", bound) : "");
            if (after > bound) {
                grown.add(size.title() + " grew from " + before + " to " + after);
            }
        }
        return grown;
    }

    private List<Sample> between(double from, double to) {
        return samples.stream()
                .filter(sample -> sample.second >= from * seconds && sample.second <= to * seconds)
                .toList();
    }

    private static double median(List<Sample> samples, Size size) {
        double[] sorted = samples.stream()
                .mapToDouble(sample -> sample.sizes[size.ordinal()])
                .sorted()
                .toArray();
        return sorted[sorted.length / 2];
    }

    /** Counts files that come and go meanwhile. */
    private static final class Walk extends SimpleFileVisitor<Path> {
        long files;
        long bytes;

        static Walk of(Path directory) throws IOException {
            Walk walk = new Walk();
            Files.walkFileTree(directory, walk);
            return walk;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            files++;
            bytes += attributes.size();
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException reason) throws IOException {
            if (reason instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw reason;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path path, IOException reason) {
            return FileVisitResult.CONTINUE;
        }
    }
}
