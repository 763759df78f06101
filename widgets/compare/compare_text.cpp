// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/compare/compare_text.h"

#include "widgets/common/text_export.h"

#include <QAbstractItemModel>

#include <numeric>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QList<int> rowsOf(const QAbstractItemModel &model, const QList<int> &rows)
{
    if (!rows.isEmpty()) return rows;
    QList<int> all(model.rowCount());
    std::iota(all.begin(), all.end(), 0);
    return all;
}

QStringList headersOf(const QAbstractItemModel &model)
{
    QStringList headers;
    for (int column = 0; column < model.columnCount(); ++column)
        headers << model.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString().trimmed(); // room for an arrow
    return headers;
}

QString cellOf(const QAbstractItemModel &model, int row, int column, int exactRole)
{
    const QModelIndex index = model.index(row, column);
    // Names are wanted as they are read, numbers with all their digits.
    return column == 0 || exactRole < 0 ? index.data().toString() : index.data(exactRole).toString();
}

/// One cell of one line, whatever stands in a name.
QString flat(QString text)
{
    for (QChar &letter : text)
        if (letter == u'\t' || letter == u'\n' || letter == u'\r') letter = u' ';
    return text;
}

QString markdownCell(QString text)
{
    return flat(text.replace(u'\\', u"\\\\"_s).replace(u'|', u"\\|"_s).replace(u'*', u"\\*"_s).replace(u'<', u"&lt;"_s));
}

} // namespace

QString tableAsTsv(const QAbstractItemModel &model, const QList<int> &rows, int exactRole)
{
    QStringList headers = headersOf(model);
    for (QString &header : headers) header = flat(header);
    QString text = headers.join(u'\t') + u'\n';
    for (const int row : rowsOf(model, rows)) {
        QStringList cells;
        for (int column = 0; column < model.columnCount(); ++column)
            cells << flat(cellOf(model, row, column, exactRole));
        text += cells.join(u'\t') + u'\n';
    }
    return text;
}

QString tableAsCsv(const QAbstractItemModel &model, const QList<int> &rows, int exactRole)
{
    QString text = csvLine(headersOf(model));
    for (const int row : rowsOf(model, rows)) {
        QStringList cells;
        for (int column = 0; column < model.columnCount(); ++column)
            cells << cellOf(model, row, column, exactRole);
        text += csvLine(cells);
    }
    return text;
}

QString tableAsMarkdown(const QAbstractItemModel &model, const QList<int> &rows, int bestRole)
{
    QStringList headers = headersOf(model), rules;
    for (int column = 0; column < model.columnCount(); ++column) {
        headers[column] = markdownCell(headers[column]);
        const int alignment = model.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).toInt();
        rules << (alignment & Qt::AlignRight ? u"---:"_s : u":---"_s);
    }
    QString text = u"| %1 |\n| %2 |\n"_s.arg(headers.join(u" | "_s), rules.join(u" | "_s));
    for (const int row : rowsOf(model, rows)) {
        QStringList cells;
        for (int column = 0; column < model.columnCount(); ++column) {
            const QModelIndex index = model.index(row, column);
            const QString cell = markdownCell(index.data().toString());
            cells << (bestRole >= 0 && index.data(bestRole).toBool() ? u"**%1**"_s.arg(cell) : cell);
        }
        text += u"| %1 |\n"_s.arg(cells.join(u" | "_s));
    }
    return text;
}

} // namespace orrery::ui
