// SPDX-License-Identifier: GPL-3.0-or-later
// How the turns of a conversation look, and where their pictures and recordings stand.
#include "widgets/play/conversation_view.h"

#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/attachment_painter.h"
#include "widgets/play/branching.h"
#include "widgets/theme/theme.h"

#include <QPaintEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {

int ConversationView::tilesPerLine() const
{
    return std::max(1, static_cast<int>((m_width + kTileGap) / (kTileWidth + kTileGap)));
}

double ConversationView::mediaHeight(int row) const
{
    const auto numTiles = static_cast<int>(m_model.turn(row).attachments.size());
    const int numLines = (numTiles + tilesPerLine() - 1) / tilesPerLine();
    return numLines * (kTileHeight + kTileGap);
}

QRectF ConversationView::attachmentRect(int row, int index) const
{
    const QPointF origin = turnRect(row).topLeft() + QPointF(kPadding, kInset + m_headerHeight);
    const int line = index / tilesPerLine(), column = index % tilesPerLine();
    return {origin + QPointF(column * (kTileWidth + kTileGap), line * (kTileHeight + kTileGap)),
            QSizeF(std::min(kTileWidth, m_width), kTileHeight)};
}

int ConversationView::forkMark(int row) const
{
    const VersionPtr &version = m_blocks[static_cast<size_t>(row)].version;
    return version && !version->parent.expired() ? version->partsAt : -1;
}

bool ConversationView::showForkTip(const QPoint &at, const QPoint &global)
{
    const int row = turnAt(at.y());
    const int fork = row < 0 ? -1 : forkMark(row);
    if (fork < 0 || tokenAt(scene(row), at) != fork) return false;
    QToolTip::showText(global, plainToolTip(partingText(*m_blocks[static_cast<size_t>(row)].version)),
                       viewport());
    return true;
}

void ConversationView::showAttachmentTip(const QPoint &at, const QPoint &global)
{
    if (showForkTip(at, global)) return;
    const int row = turnAt(at.y());
    const size_t numTiles = row < 0 ? 0 : m_model.turn(row).attachments.size();
    for (size_t i = 0; i < numTiles; ++i) {
        if (!attachmentRect(row, static_cast<int>(i)).contains(at)) continue;
        const Attachment &attachment = *m_model.turn(row).attachments[i];
        const QString name = attachment.path.isEmpty() ? attachment.name : attachment.path;
        QToolTip::showText(global, plainToolTip(name + u'\n' + attachmentDetail(attachment)), viewport());
        return;
    }
    QToolTip::hideText();
}

void ConversationView::paintEvent(QPaintEvent *event)
{
    QPainter painter(viewport());
    painter.fillRect(event->rect(), Theme::instance().tokens().surface);
    painter.setRenderHint(QPainter::Antialiasing);
    const double from = event->rect().top() + verticalScrollBar()->value();
    const auto first =
        std::lower_bound(m_blocks.begin(), m_blocks.end(), from,
                         [](const Block &block, double value) { return block.top + block.height < value; });
    for (auto row = static_cast<int>(first - m_blocks.begin()); row < static_cast<int>(m_blocks.size());
         ++row) {
        if (turnRect(row).top() > event->rect().bottom()) break;
        paintTurn(painter, row, event->rect());
    }
}

void ConversationView::paintTurn(QPainter &painter, int row, const QRectF &exposed)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const Turn &turn = m_model.turn(row);
    const QRectF area = turnRect(row);
    if (turn.role != TurnRole::Assistant) {
        painter.setPen(QPen(tokens.border, 1));
        painter.setBrush(tokens.window);
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    }
    if (row == m_currentTurn && hasFocus()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(tokens.accent);
        painter.drawRoundedRect(QRectF(area.left() - 5, area.top() + 2, 3, area.height() - 4), 1.5, 1.5);
    }
    paintHeader(
        painter, row,
        QRectF(area.left() + kPadding, area.top() + kInset - 1, area.width() - 2 * kPadding, m_headerHeight));
    for (size_t i = 0; i < turn.attachments.size(); ++i)
        paintAttachmentTile(painter, attachmentRect(row, static_cast<int>(i)), *turn.attachments[i]);
    const TokenScene shown = scene(row);
    painter.setFont(typeFont(TypeSize::Mono));
    paintTokenLines(painter, shown, exposed.top(), std::min(exposed.bottom(), area.bottom()));
    paintForkMark(painter, shown, forkMark(row));
    if (m_token.turn == row) paintTokenOutline(painter, shown, m_token.index, m_isLocked);
    if (!shown.cells.cells().empty() || !turn.attachments.empty() ||
        (turn.role == TurnRole::Assistant && turn.version()->isRunning))
        return;
    const bool hasFailed = turn.role == TurnRole::Assistant && turn.version()->error;
    painter.setFont(typeFont(TypeSize::Base));
    painter.setPen(hasFailed ? tokens.error : tokens.secondary);
    painter.drawText(shown.origin + QPointF(0, shown.layout.baseline()),
                     hasFailed ? tr("No answer") : tr("Empty"));
}

QString ConversationView::infoText(int row) const
{
    const Turn &turn = m_model.turn(row);
    if (turn.role != TurnRole::Assistant) return {};
    const GenerationVersion &version = *turn.version();
    QStringList parts;
    if (const QString model = modelText(version); !model.isEmpty()) parts << model;
    if (turn.versions.size() > 1)
        parts << tr("version %1 of %2").arg(turn.shown + 1).arg(turn.versions.size());
    if (version.isChosen)
        parts << tr("choosing");
    else if (version.isRunning && version.tokens.empty())
        parts << (version.info ? tr("reading …") : tr("loading the model …"));
    else if (version.tokens.empty() && !version.keptText.empty())
        parts << tr("tokens not kept");
    else if (version.summary && version.summary->reason == FinishReason::Cancelled)
        parts << tr("stopped");
    return parts.join(u"  ·  "_s);
}

void ConversationView::paintHeader(QPainter &painter, int row, const QRectF &area)
{
    const ThemeTokens &tokens = Theme::instance().tokens();
    const TurnRole role = m_model.turn(row).role;
    QFont font = typeFont(TypeSize::Small);
    font.setWeight(QFont::DemiBold);
    painter.setFont(font);
    painter.setPen(role == TurnRole::Assistant ? tokens.accent
                   : role == TurnRole::User    ? tokens.text
                                               : tokens.secondary);
    const QString name = turnRoleText(role);
    painter.drawText(area, Qt::AlignLeft | Qt::AlignVCenter, name);
    const double nameWidth = QFontMetricsF(font).horizontalAdvance(name) + space::kOne;
    painter.setFont(typeFont(TypeSize::Small));
    painter.setPen(tokens.secondary);
    const QFontMetricsF metrics(typeFont(TypeSize::Small));
    const QString number = QString::number(row + 1);
    painter.drawText(area, Qt::AlignRight | Qt::AlignVCenter, number);
    const double room = area.width() - nameWidth - metrics.horizontalAdvance(number) - space::kOne;
    painter.drawText(area.adjusted(nameWidth, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(infoText(row), Qt::ElideRight, std::max(0.0, room)));
}

} // namespace orrery::ui
