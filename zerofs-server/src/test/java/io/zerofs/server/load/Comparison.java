// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Loads servers in turn and compares them. Prints for each operation its rate on each server (median, lowest and
 * highest round) and its processor time there. It also prints the ratios of the first server to the second.
 */
final class Comparison {
    private static final int MICROSECONDS_PER_TICK = 10_000;

    private Comparison() {}

    /** One server under the load of one connection. */
    interface Server<O> {
        String title();

        /** Returns the process whose time is counted. */
        long pid();

        /** Makes what the operation needs, outside the measurement. */
        default void prepare(O operation) throws Exception {}

        /** Begins operations until the time, a value of {@link System#nanoTime}, and returns how many it ended. */
        long run(O operation, long end) throws Exception;
    }

    /** Connects to the server of an argument. */
    interface Connect<O> {
        Server<O> connect(Target target) throws Exception;
    }

    /** An argument {@code NAME=PART:PART…:PID}. */
    record Target(String name, String... parts) {
        static Target of(String argument) {
            int end = argument.indexOf('=');
            return new Target(
                    argument.substring(0, end), argument.substring(end + 1).split(":"));
        }

        int port(int part) {
            return Integer.parseInt(parts[part]);
        }

        long pid() {
            return Long.parseLong(parts[parts.length - 1]);
        }
    }

    /** One round: operations, their time, and the processor time of the server. */
    private record Round(long operations, double seconds, double cpuMicros) {
        double perSecond() {
            return operations / seconds;
        }

        double cpuPerOperation() {
            return cpuMicros / operations;
        }
    }

    /**
     * Compares with the arguments {@code SECONDS ROUNDS TARGET…}. {@code -Doperations=create,remove} selects operations; all
     * run without it.
     */
    static <O extends Enum<O>> void run(String[] arguments, Class<O> type, Connect<O> connect) throws Exception {
        double seconds = Double.parseDouble(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        List<Server<O>> servers = new ArrayList<>();
        for (String argument : Arrays.asList(arguments).subList(2, arguments.length)) {
            servers.add(connect.connect(Target.of(argument)));
        }
        System.out.printf("%-12s", "per second");
        servers.forEach(server -> System.out.printf(" %32s", server.title()));
        System.out.println("   ratio    CPU µs each      ratio");
        for (O operation : operations(type)) {
            List<List<Round>> results = new ArrayList<>();
            servers.forEach(server -> results.add(new ArrayList<>()));
            // The first round warms up.
            for (int round = -1; round < rounds; round++) {
                for (int i = 0; i < servers.size(); i++) {
                    Round result = run(servers.get(i), operation, seconds);
                    if (round >= 0) {
                        results.get(i).add(result);
                    }
                }
            }
            print(operation, results);
        }
    }

    private static <O extends Enum<O>> List<O> operations(Class<O> type) {
        String chosen = System.getProperty("operations", "");
        return chosen.isEmpty()
                ? List.of(type.getEnumConstants())
                : Arrays.stream(chosen.toUpperCase(Locale.ROOT).split(","))
                        .map(name -> Enum.valueOf(type, name))
                        .toList();
    }

    private static <O> Round run(Server<O> server, O operation, double seconds) throws Exception {
        server.prepare(operation);
        double cpuBefore = cpuMicros(server.pid());
        long start = System.nanoTime();
        long operations = server.run(operation, start + (long) (seconds * 1e9));
        return new Round(operations, (System.nanoTime() - start) / 1e9, cpuMicros(server.pid()) - cpuBefore);
    }

    private static void print(Enum<?> operation, List<List<Round>> results) {
        System.out.printf("%-12s", operation.name().toLowerCase(Locale.ROOT));
        for (List<Round> rounds : results) {
            double[] speeds = sorted(rounds, Round::perSecond);
            System.out.printf(" %,10.0f (%,8.0f to %,8.0f)", median(speeds), speeds[0], speeds[speeds.length - 1]);
        }
        double[] speed = medians(results, Round::perSecond);
        double[] cpu = medians(results, Round::cpuPerOperation);
        if (results.size() == 1) {
            System.out.printf("           %7.1f", cpu[0]);
        } else {
            System.out.printf("    %4.2f  %7.1f %7.1f     %4.2f", speed[0] / speed[1], cpu[0], cpu[1], cpu[1] / cpu[0]);
        }
        System.out.println();
    }

    private static double[] medians(List<List<Round>> results, ToDoubleFunction<Round> number) {
        return results.stream()
                .mapToDouble(rounds -> median(sorted(rounds, number)))
                .toArray();
    }

    private static double[] sorted(List<Round> rounds, ToDoubleFunction<Round> number) {
        return rounds.stream().mapToDouble(number).sorted().toArray();
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static double cpuMicros(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * (double) MICROSECONDS_PER_TICK;
    }
}
