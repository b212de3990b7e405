// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ExitCodeTest {
    private static final Pattern ROW_OF_TWO = Pattern.compile("\\| (\\d+ \\| [^|]+) \\|");
    private static final Pattern ROW = Pattern.compile("\\| (\\d+ \\| [^|]+) \\| [^|]*\\|");

    static ExitCode codeOf(int status) {
        return Arrays.stream(ExitCode.values())
                .filter(code -> code.status() == status)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theOperationsPageListsTheStatusesOfFsck() throws IOException {
        List<String> statuses = Arrays.stream(FsckStatus.values())
                .map(code -> code.status() + " | " + code.meaning())
                .toList();
        assertEquals(statuses, rowsBetween("## Checking a volume", "## Exit codes", ROW_OF_TWO));
    }

    @Test
    void theOperationsPageListsAllOfThem() throws IOException {
        List<String> codes = Arrays.stream(ExitCode.values())
                .map(code -> code.status() + " | " + code.meaning())
                .toList();
        assertEquals(codes, rowsBetween("## Exit codes", "## The log", ROW));
    }

    private static List<String> rowsBetween(String begin, String end, Pattern row) throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        return page.substring(page.indexOf(begin), page.indexOf(end))
                .lines()
                .map(row::matcher)
                .filter(Matcher::matches)
                .map(match -> match.group(1))
                .toList();
    }

    @Test
    void theDocumentedUnitRestartsExactlyWhereThatHelps() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        Matcher unit =
                Pattern.compile("(?m)^RestartPreventExitStatus=([0-9 ]+)$").matcher(page);
        assertTrue(unit.find());
        String codes = Arrays.stream(ExitCode.values())
                .filter(code -> !code.restartHelps())
                .map(code -> String.valueOf(code.status()))
                .collect(Collectors.joining(" "));
        assertEquals(codes, unit.group(1));
    }
}
