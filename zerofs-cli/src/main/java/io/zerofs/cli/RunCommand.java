// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import io.zerofs.cli.config.CacheConfig;
import io.zerofs.cli.config.LinkConfig;
import io.zerofs.cli.config.SettingsText;
import io.zerofs.cli.config.StorageConfig;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.net.Supervisor;
import io.zerofs.storage.recovery.OpenException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves a volume until a signal or the volume's own end. */
@Command(
        name = "run",
        description = "Serve a volume; SIGTERM or SIGINT stops it in order.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class RunCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(RunCommand.class);

    /** Time for the last steps of a stop. Requests that wait for the store fail by themselves before that. */
    private static final Duration LAST_STEPS = Duration.ofSeconds(30);

    private static final String WRONG_FLAGS =
            "the start script kept wrong flags for Java; the next start corrects them";

    @Mixin
    ConfigOption configuration;

    @Option(names = "--create", description = "Create the volume if there is none at the URL.")
    boolean create;

    @Option(
            names = "--read-only",
            description = "Serve the newest state for reading only. Another daemon may write the volume meanwhile.")
    boolean readOnly;

    @Option(
            names = "--follow",
            description = "Serve for reading only, and show what another daemon writes seconds later.")
    boolean follow;

    @Option(names = "--snapshot", paramLabel = "NAME", description = "Serve this snapshot for reading only.")
    String snapshot;

    @Option(names = "--java-flags", hidden = true, description = "Print Java's flags for this configuration instead.")
    boolean javaFlags;

    /** The reason for the end: empty for a signal, else the failure that stopped the volume. */
    private final CompletableFuture<Optional<VolumeException>> end = new CompletableFuture<>();

    private volatile boolean serving;

    /** Returns the command for arguments in the usual form, or empty if the parser must judge them. */
    static Optional<RunCommand> ofUsual(String... arguments) {
        RunCommand command = new RunCommand();
        for (int i = 1; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--create" -> {
                    if (command.create) {
                        return Optional.empty();
                    }
                    command.create = true;
                }
                case "--java-flags" -> command.javaFlags = true;
                case "-c", "--config" -> {
                    boolean named = ++i < arguments.length && arguments[i].matches("[^-@].*");
                    if (!named || command.configuration != null) {
                        return Optional.empty();
                    }
                    command.configuration = new ConfigOption(Path.of(arguments[i]));
                }
                default -> {
                    return Optional.empty();
                }
            }
        }
        boolean usual = arguments.length > 0 && arguments[0].equals("run") && command.configuration != null;
        return usual ? Optional.of(command) : Optional.empty();
    }

    @Override
    public Integer call() throws ExitException, InterruptedException {
        if (javaFlags) {
            requireFile(configuration.file());
        }
        ZerofsConfig config = configuration.load();
        if (javaFlags) {
            System.out.println(JavaFlags.of(config.cache()));
            return ExitCode.OK.status();
        }
        // The question runs without flags of the user's own, which may change the memory that Java sees.
        requireMemory(config.cache(), machineBytes());
        requireFlags(config.cache());
        requireOneWay();
        boolean reads = readOnly || follow || snapshot != null;
        StopSignals.install(this::onSignal);
        log.info("{}", describeProcess());
        log.info("settings: {}", SettingsText.of(config));
        boolean mayCreate = create || mayCreate(config.storage(), Instant.now());
        Assembly assembly;
        try (OpeningLog progress = OpeningLog.start()) {
            assembly = reads
                    ? Assembly.openToRead(config, follow, Optional.ofNullable(snapshot), progress)
                    : Assembly.open(config, mayCreate, progress, stopped -> end.complete(Optional.of(stopped)));
        } catch (ExitException e) {
            throw withAdvice(e);
        }
        serving = true;
        Supervisor supervisor = Supervisor.at(Optional.ofNullable(System.getenv("NOTIFY_SOCKET")));
        supervisor.tell("READY=1\nSTATUS=Serving");
        log.info(
                "ZeroFS is ready: {}, volume {}{}",
                config.storage().url(),
                assembly.volume(),
                reads ? ", read-only" : "");
        Optional<VolumeException> reason = end.join();
        log.info("stopping");
        supervisor.tell("STOPPING=1");
        LinkConfig link = config.storage().link();
        Stopping stopping =
                new Stopping(link.stall().plus(LAST_STEPS), link.shutdown(), assembly::movedBytes, supervisor);
        if (reason.isPresent()) {
            stopping.close(assembly::close, reason.get());
        }
        stopping.close(assembly::close);
        if (assembly.failure().isPresent()) {
            throw new ExitException(
                    ExitCode.STOP_INCOMPLETE,
                    "stopped, but not everything reached the store: "
                            + assembly.failure().get().getMessage());
        }
        log.info("stopped");
        return ExitCode.OK.status();
    }

    /** Refuses options that contradict each other. */
    private void requireOneWay() throws ExitException {
        List<String> ways = new ArrayList<>();
        if (create) {
            ways.add("--create");
        }
        if (follow) {
            ways.add("--follow");
        }
        if (readOnly) {
            ways.add("--read-only");
        }
        if (snapshot != null) {
            ways.add("--snapshot");
        }
        if (ways.size() > 1) {
            throw new ExitException(ExitCode.USAGE, String.join(" and ", ways) + " contradict each other: use one");
        }
    }

    static boolean mayCreate(StorageConfig storage, Instant now) {
        return storage.createBefore().map(end -> now.isBefore(end.toInstant())).orElse(false);
    }

    /** Adds advice to the failure of a missing volume: the command that creates one. */
    private ExitException withAdvice(ExitException absent) {
        if (!(absent.getCause() instanceof OpenException open && open.kind() == OpenException.Kind.NO_VOLUME)) {
            return absent;
        }
        return new ExitException(
                absent.code(),
                absent.getMessage() + "; to create one: zerofs run --create -c " + configuration.file(),
                open);
    }

    private static String describeProcess() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        String files = system instanceof UnixOperatingSystemMXBean unix
                ? ", " + unix.getMaxFileDescriptorCount() + " file descriptors"
                : "";
        return String.format(
                Locale.ROOT,
                "%s, Java %s, %d processors, %.1f GB of memory, heap of %.1f GB at most%s",
                new Main.Version().getVersion()[0],
                System.getProperty("java.version"),
                Runtime.getRuntime().availableProcessors(),
                system.getTotalMemorySize() / 1e9,
                Runtime.getRuntime().maxMemory() / 1e9,
                files);
    }

    /** Requires a file that can be read twice: for Java's flags, and for the daemon. */
    private static void requireFile(Path file) throws ExitException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new ExitException(
                    ExitCode.CONFIG, file + ": not a regular file; the start reads it twice, so it cannot be a pipe");
        }
    }

    /** Returns the memory of this machine or container. */
    static long machineBytes() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    }

    static void requireMemory(CacheConfig cache, long machineBytes) throws ExitException {
        if (cache.memoryBytes() > machineBytes) {
            throw new ExitException(
                    ExitCode.CONFIG,
                    String.format(
                            Locale.ROOT,
                            "[cache] memory_size_gb = %s is more than the %.1f GB of this machine or container",
                            cache.memorySizeGb(),
                            machineBytes / 1e9));
        }
    }

    /** Requires enough memory. If wrong flags that the start script kept are the cause, a restart helps. */
    private static void requireFlags(CacheConfig cache) throws ExitException {
        String kept = System.getenv().getOrDefault(JavaFlags.KEPT, "");
        boolean forgotten = !kept.isEmpty() && JavaFlags.forgetIfWrong(Path.of(kept), cache);
        try {
            requireHeap(cache, Runtime.getRuntime().maxMemory(), directBytesMax());
        } catch (ExitException e) {
            throw forgotten ? new ExitException(ExitCode.OUT_OF_MEMORY, WRONG_FLAGS, e) : e;
        }
        if (forgotten) {
            log.warn("{}", WRONG_FLAGS);
        }
    }

    /** Returns the limit of direct memory. The JVM's zero means the size of the heap. */
    private static long directBytesMax() {
        long set = Long.parseLong(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption("MaxDirectMemorySize")
                .getValue());
        return set == 0 ? Runtime.getRuntime().maxMemory() : set;
    }

    /** Requires enough memory: Java's flags may come from other places than the start script. */
    static void requireHeap(CacheConfig cache, long heapBytesMax, long directBytesMax) throws ExitException {
        MemoryBudget budget = MemoryBudget.of(cache);
        if (heapBytesMax < budget.heapBytesMin() || directBytesMax < budget.directBytesMin()) {
            long heap = mebibytes(budget.heapBytesMin());
            long direct = mebibytes(budget.directBytesMin());
            throw new ExitException(
                    ExitCode.CONFIG,
                    String.format(
                            Locale.ROOT,
                            "[cache] memory_size_gb = %s needs %d MiB of Java heap and %d MiB of direct memory, and Java has"
                                    + " %d and %d: without the start script, or with flags of your own, use -Xmx%dm and"
                                    + " -XX:MaxDirectMemorySize=%dm",
                            cache.memorySizeGb(),
                            heap,
                            direct,
                            heapBytesMax >> 20,
                            directBytesMax >> 20,
                            heap,
                            direct));
        }
    }

    private static long mebibytes(long bytes) {
        return (bytes + (1 << 20) - 1) >> 20;
    }

    private void onSignal(int count) {
        if (count > 1) {
            log.warn("second signal: stopping at once");
            halt(ExitCode.INTERRUPTED);
        }
        if (!serving) {
            // No client has an acknowledgement yet, and the opening may stop at any step.
            log.info("stopped while opening");
            halt(ExitCode.OK);
        }
        end.complete(Optional.empty());
    }

    private static void halt(ExitCode code) {
        LogStream.drainInstalled();
        Runtime.getRuntime().halt(code.status());
    }
}
