// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.Json;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands for the block devices of a running daemon. */
@Command(
        name = "nbd",
        description = "Make, resize, list and delete block devices of a running daemon.",
        subcommands = {
            NbdCommand.Create.class,
            NbdCommand.Resize.class,
            NbdCommand.ListAll.class,
            NbdCommand.Delete.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND")
final class NbdCommand {
    private static final String PATH = "/v1/nbd";
    private static final String SIZE_HELP = "Bytes, or a number with K, M, G or T, which are powers of 1024: 100G.";
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,19})([KMGT]?)(iB)?");

    private NbdCommand() {}

    /** Returns a size in bytes. */
    static long bytes(String size) throws ExitException {
        Matcher parts = SIZE.matcher(size);
        if (parts.matches() && (parts.group(3) == null || !parts.group(2).isEmpty())) {
            try {
                long unit = 1L << 10 * (" KMGT".indexOf(parts.group(2).isEmpty() ? " " : parts.group(2)));
                long bytes = Math.multiplyExact(Long.parseLong(parts.group(1)), unit);
                if (bytes > 0) {
                    return bytes;
                }
            } catch (NumberFormatException | ArithmeticException e) {
                // Larger than 2^63 - 1.
            }
        }
        throw new ExitException(
                ExitCode.USAGE, "\"" + size + "\" is not a size from 1 to 2^63 - 1 bytes, such as 100G or 4096");
    }

    /** Makes a device. */
    @Command(
            name = "create",
            description = "Make a block device of zeros, which takes no space until it is written.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class Create implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Parameters(index = "0", paramLabel = "NAME", description = "Name of the export.")
        private String name;

        @Parameters(index = "1", paramLabel = "SIZE", description = SIZE_HELP)
        private String size;

        @Override
        public Integer call() throws ExitException {
            long bytes = bytes(size);
            daemon.client().call("POST", PATH, Map.of("name", name, "bytes", bytes), ControlClient.ANY_TIME);
            System.out.println("created " + name + ", " + bytes + " bytes");
            return ExitCode.OK.status();
        }
    }

    /** Changes the size of a device. */
    @Command(
            name = "resize",
            description = "Change the size of a block device that no client uses.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class Resize implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Parameters(index = "0", paramLabel = "NAME", description = "Name of the export.")
        private String name;

        @Parameters(index = "1", paramLabel = "SIZE", description = SIZE_HELP)
        private String size;

        @Option(names = "--shrink", description = "Allow a smaller size: the bytes beyond it are lost.")
        private boolean shrink;

        @Override
        public Integer call() throws ExitException {
            long bytes = bytes(size);
            daemon.client()
                    .call("PUT", PATH, Map.of("name", name, "bytes", bytes, "shrink", shrink), ControlClient.ANY_TIME);
            System.out.println("resized " + name + ", " + bytes + " bytes");
            return ExitCode.OK.status();
        }
    }

    /** Lists the devices. */
    @Command(
            name = "list",
            description = "List the block devices.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class ListAll implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Option(names = "--json", description = "Write one JSON object instead of text.")
        private boolean json;

        @Override
        public Integer call() throws ExitException {
            Map<String, Object> answer = daemon.client().call("GET", PATH, Map.of(), ControlClient.SOON);
            if (json) {
                System.out.println(Json.write(answer));
                return ExitCode.OK.status();
            }
            System.out.printf(Locale.ROOT, "%20s %20s %12s  %s%n", "BYTES", "ALLOCATED", "CONNECTIONS", "NAME");
            for (Object each : (List<?>) answer.get("devices")) {
                Map<?, ?> device = (Map<?, ?>) each;
                System.out.printf(
                        Locale.ROOT,
                        "%20s %20s %12s  %s%s%n",
                        device.get("bytes"),
                        device.get("allocatedBytes"),
                        device.get("connections"),
                        StatusText.printable(device.get("name").toString()),
                        device.get("readOnly").equals(true) ? " (read-only)" : "");
            }
            return ExitCode.OK.status();
        }
    }

    /** Deletes a device. */
    @Command(
            name = "delete",
            description = "Delete a block device that no client uses, with all its data.",
            mixinStandardHelpOptions = true,
            versionProvider = Main.Version.class)
    static final class Delete implements Callable<Integer> {
        @Mixin
        private ControlOption daemon;

        @Parameters(index = "0", paramLabel = "NAME", description = "Name of the export.")
        private String name;

        @Override
        public Integer call() throws ExitException {
            daemon.client().call("DELETE", PATH, Map.of("name", name), ControlClient.ANY_TIME);
            System.out.println("deleted " + name);
            return ExitCode.OK.status();
        }
    }
}
