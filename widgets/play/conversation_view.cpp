// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/conversation_view.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/attachment_painter.h"
#include "widgets/play/conversation_text.h"
#include "widgets/play/token_view.h"
#include "widgets/play/token_view_accessible.h"
#include "widgets/play/turn_bar.h"
#include "widgets/theme/theme.h"

#include <QAccessible>
#include <QScrollBar>

#include <algorithm>
#include <cmath>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kMaxLineCharacters = 120; // longer lines are hard to read

} // namespace

ConversationView::ConversationView(ConversationModel &model, QWidget *parent)
    : QAbstractScrollArea(parent), m_model(model), m_bar(new TurnBar(viewport()))
{
    installTokenViewAccessible();
    setObjectName(u"conversationView"_s);
    setAccessibleName(tr("Conversation"));
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setMouseTracking(true);
    setMinimumSize(120, 60);
    m_bar->hide();
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        if (!m_isScrollingItself) m_isFollowing = value >= verticalScrollBar()->maximum();
    });
    connect(m_bar, &TurnBar::editRequested, this, &ConversationView::editRequested);
    connect(m_bar, &TurnBar::copyRequested, this, &ConversationView::copyRequested);
    connect(m_bar, &TurnBar::removeRequested, this, &ConversationView::removeRequested);
    connect(&Theme::instance(), &Theme::changed, this, &ConversationView::relayout);
    follow();
    measure();
}

void ConversationView::follow()
{
    connect(&m_model, &QAbstractItemModel::rowsInserted, this,
            [this](const QModelIndex &, int first, int last) { insertTurns(first, last); });
    connect(&m_model, &QAbstractItemModel::rowsRemoved, this,
            [this](const QModelIndex &, int first, int last) { removeTurns(first, last); });
    connect(&m_model, &QAbstractItemModel::dataChanged, this,
            [this](const QModelIndex &from, const QModelIndex &to) {
                for (int row = from.row(); row <= to.row(); ++row) updateTurn(row);
            });
    connect(&m_model, &QAbstractItemModel::modelReset, this, [this] {
        removeTurns(0, static_cast<int>(m_blocks.size()) - 1);
        insertTurns(0, m_model.numTurns() - 1);
    });
    connect(&m_model, &ConversationModel::tokensCame, this, &ConversationView::takeTokens);
}

void ConversationView::setColored(bool isColored)
{
    m_isColored = isColored;
    viewport()->update();
}

void ConversationView::setEditable(bool isEditable)
{
    m_isEditable = isEditable;
    updateBar();
}

void ConversationView::fill(int row)
{
    const Turn &turn = m_model.turn(row);
    Block &block = m_blocks[static_cast<size_t>(row)];
    block.version = turn.role == TurnRole::Assistant ? turn.version() : nullptr;
    block.probabilities.clear();
    block.cells.clear();
    if (block.version && (!block.version->tokens.empty() || block.version->isRunning)) {
        for (const GeneratedToken &token : block.version->tokens) {
            block.cells.appendToken(token.bytes, isSpecialToken(token.bytes, token.id));
            block.probabilities.push_back(static_cast<float>(token.probability));
        }
        if (!block.version->isRunning) block.cells.finish();
    } else {
        block.cells.setPrompt(turn.text());
    }
    block.cells.takeFirstChanged();
    block.layout.setGeometry(m_font, m_width);
    block.layout.update(block.cells, 0);
}

void ConversationView::insertTurns(int first, int last)
{
    if (last < first) return;
    std::vector<Block> added(static_cast<size_t>(last - first + 1));
    m_blocks.insert(m_blocks.begin() + first, std::make_move_iterator(added.begin()),
                    std::make_move_iterator(added.end()));
    for (int row = first; row <= last; ++row) fill(row);
    if (m_currentTurn >= first) m_currentTurn += last - first + 1;
    m_hoveredTurn = -1;
    m_isAllSelected = false;
    m_selectedTurn = -1;
    if (last == m_model.numTurns() - 1) m_isFollowing = true; // what was just said is looked at
    setCurrentToken(-1, -1, false);
    place(first);
}

void ConversationView::removeTurns(int first, int last)
{
    if (last < first) return;
    m_blocks.erase(m_blocks.begin() + first, m_blocks.begin() + last + 1);
    const auto numLeft = static_cast<int>(m_blocks.size());
    if (m_currentTurn > last) m_currentTurn -= last - first + 1;
    m_currentTurn = std::min(m_currentTurn, numLeft - 1);
    m_hoveredTurn = -1;
    m_isAllSelected = false;
    m_selectedTurn = -1;
    m_token = {};
    m_isLocked = false;
    place(first);
    Q_EMIT currentTokenChanged();
}

void ConversationView::takeTokens(int row, const std::vector<GeneratedToken> &tokens)
{
    Block &block = m_blocks[static_cast<size_t>(row)];
    for (const GeneratedToken &token : tokens) {
        block.cells.appendToken(token.bytes, isSpecialToken(token.bytes, token.id));
        block.probabilities.push_back(static_cast<float>(token.probability));
    }
    block.layout.update(block.cells, block.cells.takeFirstChanged());
    place(row);
}

void ConversationView::updateTurn(int row)
{
    Block &block = m_blocks[static_cast<size_t>(row)];
    const Turn &turn = m_model.turn(row);
    const bool isSame = turn.role == TurnRole::Assistant && turn.version() == block.version;
    // A token that was taken back is not among them any more.
    if (isSame && static_cast<size_t>(block.cells.numTokens()) <= block.version->tokens.size()) {
        if (!block.version->isRunning) block.cells.finish();
        block.layout.update(block.cells, block.cells.takeFirstChanged());
    } else {
        fill(row);
        if (m_selectedTurn == row) m_selectedTurn = -1;
        if (m_token.turn == row) setCurrentToken(-1, -1, false);
    }
    place(row);
}

bool ConversationView::measure()
{
    const QFont font = typeFont(TypeSize::Mono);
    const double longest = kMaxLineCharacters * QFontMetricsF(font).horizontalAdvance(u'0');
    const double width = std::min(viewport()->width() - 2 * (kMargin + kPadding), longest);
    m_headerHeight = std::ceil(QFontMetricsF(typeFont(TypeSize::Small)).height()) + space::kHalf;
    if (width == m_width && font == m_font) return false;
    m_width = width;
    m_font = font;
    return true;
}

void ConversationView::relayout()
{
    if (measure())
        for (Block &block : m_blocks)
            if (block.layout.setGeometry(m_font, m_width)) block.layout.update(block.cells, 0);
    place(0);
}

void ConversationView::place(int from)
{
    const auto numBlocks = static_cast<int>(m_blocks.size());
    double y = kMargin;
    if (from > 0 && from <= numBlocks) {
        const Block &before = m_blocks[static_cast<size_t>(from) - 1];
        y = before.top + before.height + kGap;
    }
    for (int row = std::max(0, from); row < numBlocks; ++row) {
        Block &block = m_blocks[static_cast<size_t>(row)];
        block.top = y;
        block.mediaHeight = mediaHeight(row);
        // A picture without a word needs no line for it.
        const bool hasText = block.mediaHeight == 0 || !block.cells.cells().empty();
        const double numLines = hasText ? static_cast<double>(block.layout.numLines()) : 0;
        block.height = 2 * kInset + m_headerHeight + block.mediaHeight + numLines * block.layout.lineHeight();
        y += block.height + kGap;
    }
    if (numBlocks == 0) y = 0;
    m_isScrollingItself = true;
    QScrollBar *bar = verticalScrollBar();
    bar->setSingleStep(numBlocks > 0 ? static_cast<int>(m_blocks.front().layout.lineHeight()) : 20);
    bar->setPageStep(viewport()->height());
    bar->setRange(0, std::max(0, static_cast<int>(std::ceil(y)) - viewport()->height()));
    if (m_isFollowing) bar->setValue(bar->maximum());
    m_isScrollingItself = false;
    updateBar();
    viewport()->update();
}

void ConversationView::updateBar()
{
    const bool isCurrentShown = hasFocus() || m_bar->isAncestorOf(focusWidget());
    const int row = m_hoveredTurn >= 0 ? m_hoveredTurn : isCurrentShown ? m_currentTurn : -1;
    if (row < 0 || row >= m_model.numTurns()) {
        m_bar->hide();
        return;
    }
    m_bar->setTurn(row, m_model.turn(row).role, m_isEditable);
    const QRectF area = turnRect(row);
    // Of a turn that begins above the window the bar stays in sight.
    const double y = std::clamp(area.top() + 3, 3.0, std::max(3.0, area.bottom() - m_bar->height() - 3));
    m_bar->move(static_cast<int>(area.right()) - m_bar->width() - 6, static_cast<int>(y));
    m_bar->show();
}

QRectF ConversationView::turnRect(int row) const
{
    if (row < 0 || row >= static_cast<int>(m_blocks.size())) return {};
    const Block &block = m_blocks[static_cast<size_t>(row)];
    return {kMargin, block.top - verticalScrollBar()->value(), (m_width + 2 * kPadding), block.height};
}

TokenScene ConversationView::scene(int row) const
{
    const Block &block = m_blocks[static_cast<size_t>(row)];
    const ThemeTokens &tokens = Theme::instance().tokens();
    const bool isSelected = row == m_selectedTurn;
    return {.cells = block.cells,
            .layout = block.layout,
            .probabilities = block.probabilities,
            .origin =
                turnRect(row).topLeft() + QPointF(kPadding, kInset + m_headerHeight + block.mediaHeight),
            .givenColor = m_model.turn(row).role == TurnRole::System ? tokens.secondary : tokens.text,
            .isColored = m_isColored,
            .selectedFrom = m_isAllSelected ? 0
                            : isSelected    ? std::min(m_anchor, m_selectionEnd)
                                            : -1,
            .selectedTo = m_isAllSelected ? static_cast<int64_t>(block.cells.cells().size())
                          : isSelected    ? std::max(m_anchor, m_selectionEnd)
                                          : -1};
}

QRectF ConversationView::tokenRect(int row, int token) const
{
    return row < 0 || row >= static_cast<int>(m_blocks.size()) ? QRectF() : ui::tokenRect(scene(row), token);
}

int ConversationView::turnAt(double y) const
{
    const double at = y + verticalScrollBar()->value();
    const auto after = std::upper_bound(m_blocks.begin(), m_blocks.end(), at,
                                        [](double value, const Block &block) { return value < block.top; });
    const auto row = static_cast<int>(after - m_blocks.begin()) - 1;
    if (row < 0) return -1;
    const Block &block = m_blocks[static_cast<size_t>(row)];
    return at < block.top + block.height ? row : -1;
}

void ConversationView::setCurrentTurn(int row)
{
    row = std::clamp(row, -1, m_model.numTurns() - 1);
    const bool isSame = row == m_currentTurn;
    m_currentTurn = row;
    Q_EMIT currentTurnChosen(row);
    if (isSame) return;
    updateBar();
    viewport()->update();
    if (!QAccessible::isActive()) return;
    QAccessibleValueChangeEvent event(this, summary());
    QAccessible::updateAccessibility(&event);
}

void ConversationView::setCurrentToken(int row, int token, bool isLocked)
{
    const bool isThere = row >= 0 && row < m_model.numTurns() && token >= 0 && token < numTokens(row);
    const TokenPlace place = isThere ? TokenPlace{row, token} : TokenPlace{};
    isLocked = isLocked && isThere;
    if (place == m_token && isLocked == m_isLocked) return;
    m_token = place;
    m_isLocked = isLocked;
    if (isLocked) setCurrentTurn(row);
    viewport()->update();
    Q_EMIT currentTokenChanged();
    if (!QAccessible::isActive()) return;
    QAccessibleValueChangeEvent event(this, summary());
    QAccessible::updateAccessibility(&event);
}

std::optional<GeneratedToken> ConversationView::currentTokenValue() const
{
    if (m_token.turn < 0) return std::nullopt;
    const VersionPtr &version = m_blocks[static_cast<size_t>(m_token.turn)].version;
    return version->tokens[static_cast<size_t>(m_token.index)];
}

QString ConversationView::copyText() const
{
    if (!m_isAllSelected && m_selectedTurn >= 0 && m_anchor != m_selectionEnd)
        return m_blocks[static_cast<size_t>(m_selectedTurn)].cells.plainText(
            std::min(m_anchor, m_selectionEnd), std::max(m_anchor, m_selectionEnd));
    if (!m_isAllSelected && m_currentTurn >= 0) return fromStd(m_model.turn(m_currentTurn).text());
    return conversationText(m_model.messagesBefore(m_model.numTurns()));
}

void ConversationView::copy() const { copyToClipboard(copyText()); }

void ConversationView::selectAll()
{
    m_isAllSelected = true;
    viewport()->update();
}

QString ConversationView::summary() const
{
    const int numTurns = m_model.numTurns();
    if (numTurns == 0) return tr("No turns yet.");
    QString text = numTurns == 1 ? tr("1 turn.") : tr("%1 turns.").arg(integerText(numTurns));
    const int row = m_currentTurn >= 0 ? m_currentTurn : numTurns - 1;
    text += u' ' + tr("Turn %1, %2: %3")
                       .arg(row + 1)
                       .arg(turnRoleText(m_model.turn(row).role).toLower(),
                            fromStd(m_model.turn(row).text()).left(2'000));
    for (const AttachmentPtr &attachment : m_model.turn(row).attachments)
        text += u' ' + tr("With %1, %2.").arg(attachment->name, attachmentDetail(*attachment));
    if (const auto token = currentTokenValue())
        text += u' ' + tr("Token %1 “%2”, probability %3.")
                           .arg(integerText(m_token.index), visibleTokenText(token->bytes, token->id),
                                probabilityText(token->probability));
    return text;
}

} // namespace orrery::ui
