// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.Unpooled;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.bytes.MalformedMessageException;
import io.zerofs.server.nbd.wire.CommandFlag;
import io.zerofs.server.nbd.wire.HandshakeFlag;
import io.zerofs.server.nbd.wire.InfoType;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionCodec;
import io.zerofs.server.nbd.wire.OptionRequest;
import io.zerofs.server.nbd.wire.TransmissionFlag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Compares the tables of docs/protocols/nbd.md with the enums and with what the code does. */
class NbdConformancePageTest {
    private static final Path PAGE = Path.of("..", "docs", "protocols", "nbd.md");
    private static final String FULL = "full";
    private static final String REFUSED = "refused";

    @Test
    void optionsAreAsTheirTableSays() throws IOException {
        List<String> expected = Arrays.stream(NbdOption.values())
                .map(option -> option.code() + " " + option + " " + (isRefused(option) ? REFUSED : FULL))
                .toList();
        assertEquals(expected, firstThree("Options"));
    }

    @Test
    void commandsAreAsTheirTableSays() throws IOException {
        List<String> expected = Arrays.stream(NbdCommand.values())
                .filter(command -> command != NbdCommand.UNKNOWN)
                .map(command -> command.code() + " " + command + " " + (command == NbdCommand.RESIZE ? REFUSED : FULL)
                        + " " + flagsOf(command))
                .toList();
        List<String> documented = rows("Commands").stream()
                .map(row -> row.get(0) + " " + row.get(1) + " " + row.get(2) + " " + names(row.get(3)))
                .toList();
        assertEquals(expected, documented);
    }

    @Test
    void flagsAndInformationAreAsTheirTablesSay() throws IOException {
        assertEquals(
                Arrays.stream(CommandFlag.values())
                        .map(flag -> bit(flag.mask()) + " " + flag + " " + (isTaken(flag) ? FULL : REFUSED))
                        .toList(),
                firstThree("Command flags"));
        assertEquals(
                Arrays.stream(HandshakeFlag.values())
                        .map(flag -> bit(flag.mask()) + " " + flag + " " + FULL)
                        .toList(),
                firstThree("Handshake flags"));
        assertEquals(
                Arrays.stream(TransmissionFlag.values())
                        .map(flag -> bit(flag.mask()) + " " + flag + " " + sent(flag))
                        .toList(),
                firstThree("Transmission flags"));
        assertEquals(
                Arrays.stream(InfoType.values())
                        .map(type -> type.code() + " " + type)
                        .toList(),
                rows("Information").stream()
                        .map(row -> row.get(0) + " " + row.get(1))
                        .toList());
    }

    @Test
    void everyTestThatIsNamedExists() throws IOException {
        Set<String> tests = new TreeSet<>();
        for (String table : List.of("Options", "Commands")) {
            rows(table).forEach(row -> tests.add(row.get(row.size() - 1)));
        }
        for (String test : tests) {
            String inPackage = test.equals("OptionCodecTest") ? "wire." + test : test;
            assertDoesNotThrow(() -> Class.forName(getClass().getPackageName() + "." + inPackage), test);
        }
    }

    private static boolean isRefused(NbdOption option) {
        try {
            return OptionCodec.decode(option.code(), Unpooled.EMPTY_BUFFER) instanceof OptionRequest.Unsupported;
        } catch (MalformedMessageException e) {
            return false;
        }
    }

    private static Set<String> flagsOf(NbdCommand command) {
        return Arrays.stream(CommandFlag.values())
                .filter(flag -> command.takes(flag.mask()))
                .map(CommandFlag::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isTaken(CommandFlag flag) {
        return Arrays.stream(NbdCommand.values()).anyMatch(command -> command.takes(flag.mask()));
    }

    private static String sent(TransmissionFlag flag) {
        boolean writable = isSent(flag, false, false);
        boolean readOnly = isSent(flag, true, false);
        if (writable && readOnly) {
            return "always";
        }
        if (writable) {
            return "writable";
        }
        if (readOnly) {
            return "read-only";
        }
        return isSent(flag, false, true) ? "structured" : "never";
    }

    private static boolean isSent(TransmissionFlag flag, boolean readOnly, boolean structured) {
        return flag.isIn(new Export("disk", new InodeId(2, 1), 1, readOnly).transmissionFlags(structured));
    }

    private static int bit(int mask) {
        return Integer.numberOfTrailingZeros(mask);
    }

    private static Set<String> names(String cell) {
        return Arrays.stream(cell.split(", "))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> firstThree(String heading) throws IOException {
        return rows(heading).stream()
                .map(row -> row.get(0) + " " + row.get(1) + " " + row.get(2))
                .toList();
    }

    /** Cells of the table below a heading. */
    private static List<List<String>> rows(String heading) throws IOException {
        List<String> lines = Files.readAllLines(PAGE);
        List<List<String>> rows = new ArrayList<>();
        for (String line : lines.subList(lines.indexOf("## " + heading) + 1, lines.size())) {
            if (line.startsWith("## ")) {
                break;
            }
            if (line.startsWith("|")) {
                rows.add(Arrays.stream(line.substring(1).split("\\|"))
                        .map(String::strip)
                        .toList());
            }
        }
        return rows.subList(2, rows.size());
    }
}
