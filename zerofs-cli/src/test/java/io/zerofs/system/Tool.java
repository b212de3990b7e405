// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** A client that people have, as a program of its Debian package. A package that is missing is installed at the first use. */
enum Tool {
    FIO("fio", "fio"),
    NBDCOPY("nbdcopy", "libnbd-bin"),
    NBDFUSE("nbdfuse", "libnbd-bin"),
    NBDINFO("nbdinfo", "libnbd-bin"),
    NBDSH("nbdsh", "python3-libnbd"),
    NFS_CP("nfs-cp", "libnfs-utils"),
    NFS_LS("nfs-ls", "libnfs-utils"),
    PROMTOOL("promtool", "prometheus"),
    QEMU_IO("qemu-io", "qemu-utils"),
    SCRIPT("script", "bsdutils");

    private static final Duration INSTALLATION_MAX = Duration.ofMinutes(10);

    private final String program;
    private final String debianPackage;

    Tool(String program, String debianPackage) {
        this.program = program;
        this.debianPackage = debianPackage;
    }

    Command command(Object... arguments) throws InterruptedException {
        install();
        return Command.of(
                Stream.concat(Stream.of(program), Stream.of(arguments)).toArray());
    }

    String run(Object... arguments) throws InterruptedException {
        return command(arguments).run();
    }

    private synchronized void install() throws InterruptedException {
        boolean there = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
        if (!there) {
            Command.of("bash", "-c", ". ../ci/lib.sh && need " + program + " " + debianPackage)
                    .within(INSTALLATION_MAX)
                    .run();
        }
    }
}
