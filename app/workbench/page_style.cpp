// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/page_style.h"

#include "widgets/theme/theme.h"

#include <QTextBlock>
#include <QTextCursor>
#include <QTextDocument>
#include <QTextFrame>
#include <QTextTable>

#include <algorithm>
#include <utility>
#include <vector>

namespace orrery::ui {
namespace {

constexpr int kLineHeight = 125; ///< per cent of the font's
constexpr double kHeadingSizes[] = {1.6, 1.25, 1.08}; ///< of the text's size, by level

bool isCode(const QTextBlockFormat &format)
{
    return format.hasProperty(QTextFormat::BlockCodeFence) || format.hasProperty(QTextFormat::BlockCodeLanguage);
}

/// @param size of the text's
void styleHeading(const QTextBlock &block, double size)
{
    // Changed once they are all known: a change may join what is of one format then.
    std::vector<std::pair<int, QTextCharFormat>> parts; // ends
    for (auto part = block.begin(); !part.atEnd(); ++part) {
        QTextCharFormat large = part.fragment().charFormat();
        large.clearProperty(QTextFormat::FontSizeAdjustment); // would win over a size
        large.setFontPointSize(Theme::instance().baseFont().pointSizeF() * size);
        large.setFontWeight(QFont::DemiBold);
        parts.emplace_back(part.fragment().position() + part.fragment().length(), large);
    }
    QTextCursor cursor(block);
    for (const auto &[end, format] : parts) {
        cursor.setPosition(end, QTextCursor::KeepAnchor);
        cursor.setCharFormat(format);
        cursor.setPosition(end);
    }
}

/// @param goesOn a listing that began before, @param isFollowed by another line of it
void styleBlock(const QTextBlock &block, bool goesOn, bool isFollowed, bool isInTable)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QTextCursor cursor(block);
    QTextBlockFormat format = block.blockFormat();
    if (const int level = format.headingLevel(); level > 0) {
        format.setTopMargin(block.blockNumber() == 0 ? 0 : level == 1 ? space::kThree : space::kTwo + space::kHalf);
        format.setBottomMargin(space::kOne);
        cursor.setBlockFormat(format);
        return styleHeading(block, kHeadingSizes[std::min(level, 3) - 1]);
    }
    if (isCode(format)) {
        format.setBackground(tokens.window);
        format.setLeftMargin(space::kOne);
        format.setTopMargin(goesOn ? 0 : space::kHalf);
        format.setBottomMargin(isFollowed ? 0 : space::kOne + space::kHalf);
        return cursor.setBlockFormat(format);
    }
    if (isInTable) {
        format.setTopMargin(0);
        format.setBottomMargin(0);
    } else {
        format.setBottomMargin(block.textList() ? space::kHalf : space::kOne);
        format.setTopMargin(0);
    }
    format.setLineHeight(kLineHeight, QTextBlockFormat::ProportionalHeight);
    cursor.setBlockFormat(format);
}

void styleTable(QTextTable &table, int firstColumn)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    QTextTableFormat format = table.format();
    format.setBorderCollapse(true);
    format.setBorder(1);
    format.setBorderStyle(QTextFrameFormat::BorderStyle_Solid);
    format.setBorderBrush(tokens.border);
    format.setCellSpacing(0);
    format.setCellPadding(space::kHalf + 2);
    format.setTopMargin(space::kHalf);
    format.setBottomMargin(space::kTwo);
    if (firstColumn > 0) {
        format.setWidth(QTextLength(QTextLength::PercentageLength, 100));
        QList<QTextLength> widths(table.columns());
        widths.front() = QTextLength(QTextLength::FixedLength, firstColumn);
        format.setColumnWidthConstraints(widths);
    }
    table.setFormat(format);
    for (int column = 0; column < table.columns(); ++column) {
        QTextTableCell cell = table.cellAt(0, column);
        QTextCharFormat head = cell.format();
        head.setBackground(tokens.window);
        cell.setFormat(head);
    }
}

} // namespace

void stylePage(QTextDocument &page, int firstColumn)
{
    QTextCursor all(&page);
    all.beginEditBlock();
    for (QTextFrame *frame : page.rootFrame()->childFrames())
        if (auto *table = qobject_cast<QTextTable *>(frame)) styleTable(*table, firstColumn);
    for (QTextBlock block = page.begin(); block.isValid(); block = block.next()) {
        const bool goesOn = block.previous().isValid() && isCode(block.previous().blockFormat());
        const bool isFollowed = block.next().isValid() && isCode(block.next().blockFormat());
        styleBlock(block, goesOn, isFollowed, QTextCursor(block).currentTable() != nullptr);
    }
    all.endEditBlock();
    page.setDocumentMargin(space::kTwo);
}

} // namespace orrery::ui
