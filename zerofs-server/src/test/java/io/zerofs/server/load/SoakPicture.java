// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** {@code SoakPicture TABLE PICTURE}: draws each column of the table of {@link SoakSamples} as a curve, one below the other. */
final class SoakPicture {
    private static final int WIDTH = 900;
    private static final int LEFT = 170;
    private static final int HEIGHT = 60;
    private static final int STEP = HEIGHT + 16;

    private final StringBuilder svg = new StringBuilder();
    private final List<String[]> rows;
    private final String[] titles;

    private SoakPicture(List<String> lines) {
        titles = lines.get(0).split("\t");
        rows = lines.stream().skip(1).map(line -> line.split("\t")).toList();
    }

    public static void main(String[] arguments) throws IOException {
        SoakPicture picture = new SoakPicture(Files.readAllLines(Path.of(arguments[0])));
        Files.writeString(Path.of(arguments[1]), picture.draw());
    }

    private String draw() {
        int curves = titles.length - 2;
        add(
                "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>",
                LEFT + WIDTH + 90, curves * STEP + 40);
        add("<rect width='100%%' height='100%%' fill='white'/>");
        for (int row = 1; row < rows.size(); row++) {
            // A vertical line where another daemon began, a dark one where another run began.
            boolean isRun = number(row, 0) < number(row - 1, 0);
            if (isRun || number(row, 1) != number(row - 1, 1)) {
                add("<path d='M%.1f 10V%d' stroke='%s'/>", x(row), curves * STEP + 10, isRun ? "#666" : "#ddd");
            }
        }
        for (int curve = 0; curve < curves; curve++) {
            draw(curve + 2, 10 + curve * STEP);
        }
        add(
                "<text x='%d' y='%d'>%d samples; light lines: a restart; dark lines: the next run on the same volume</text>",
                LEFT, curves * STEP + 30, rows.size());
        return svg.append("</svg>\n").toString();
    }

    private void draw(int column, int top) {
        double highest = 0;
        for (int row = 0; row < rows.size(); row++) {
            highest = Math.max(highest, number(row, column));
        }
        StringBuilder points = new StringBuilder();
        for (int row = 0; row < rows.size(); row++) {
            double y = top + HEIGHT - (highest == 0 ? 0 : number(row, column) / highest * HEIGHT);
            points.append(String.format(Locale.ROOT, " %.1f,%.1f", x(row), y));
        }
        add("<text x='5' y='%d'>%s</text>", top + HEIGHT / 2, titles[column]);
        add("<text x='%d' y='%d'>%.4g</text>", LEFT + WIDTH + 5, top + 10, highest);
        add("<text x='%d' y='%d'>0</text>", LEFT + WIDTH + 5, top + HEIGHT);
        add("<path d='M%d %dh%d' stroke='#999'/>", LEFT, top + HEIGHT, WIDTH);
        add(
                "<polyline fill='none' stroke='#1f5fa8' points='%s'/>",
                points.toString().trim());
    }

    private double x(int row) {
        return LEFT + (double) row * WIDTH / Math.max(1, rows.size() - 1);
    }

    private double number(int row, int column) {
        return Double.parseDouble(rows.get(row)[column]);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
