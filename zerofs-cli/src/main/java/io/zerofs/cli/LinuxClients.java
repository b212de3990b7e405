// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Kernel modules and programs that this machine lacks to be a client. Reads files and starts no process. */
final class LinuxClients {
    private final Path root;
    private final String release;

    /**
     * @param root the root directory of the machine
     * @param release the kernel's, as {@code uname -r} prints it
     */
    LinuxClients(Path root, String release) {
        this.root = root;
        this.release = release;
    }

    static LinuxClients ofThisMachine() {
        return new LinuxClients(Path.of("/"), System.getProperty("os.version"));
    }

    Optional<String> missingForNfs() {
        return program("mount.nfs", "the package nfs-common (Debian) or nfs-utils (Fedora)")
                .or(() -> module("nfsv3", "nfs"));
    }

    Optional<String> missingForNineP() {
        return module("9p", "9p").or(() -> module("9pnet_fd", "9p"));
    }

    Optional<String> missingForNbd() {
        return program("nbd-client", "the package nbd-client (Debian) or nbd (Fedora)")
                .or(() -> module("nbd", null));
    }

    private Optional<String> program(String name, String source) {
        boolean found = Stream.of("sbin", "usr/sbin", "usr/bin", "bin", "usr/local/sbin", "usr/local/bin")
                .anyMatch(
                        directory -> Files.isExecutable(root.resolve(directory).resolve(name)));
        return found ? Optional.empty() : Optional.of("the program " + name + " is missing; " + source + " has it");
    }

    /**
     * @param module the name of the module's file
     * @param fileSystem its file system, which the kernel may have without a module, or null
     */
    private Optional<String> module(String module, String fileSystem) {
        Path modules = root.resolve("lib/modules").resolve(release);
        boolean there = Files.isDirectory(root.resolve("sys/module").resolve(module))
                || fileSystem != null && mentions(root.resolve("proc/filesystems"), "\t" + fileSystem + "\n")
                || mentions(modules.resolve("modules.dep"), "/" + module + ".ko")
                || mentions(modules.resolve("modules.builtin"), "/" + module + ".ko");
        return there
                ? Optional.empty()
                : Optional.of("kernel " + release + " has no module " + module
                        + "; small cloud kernels and containers lack it, Debian's usual kernel has it");
    }

    private static boolean mentions(Path file, String text) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).contains(text);
        } catch (IOException e) {
            return false;
        }
    }
}
