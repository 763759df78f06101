// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/tokens_pane.h"

#include "widgets/common/counted.h"
#include "widgets/common/plain_tool_tip.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QHelpEvent>
#include <QPlainTextEdit>
#include <QTextBlock>
#include <QTimer>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

constexpr int kPauseMs = 250; ///< behind the last key
constexpr int kLines = 4;
constexpr double kTint = 0.24, kStrongTint = 0.4; ///< the latter on black; text on them stays readable

/// Neighbours differ, in hue and in lightness.
QColor groundOf(size_t place)
{
    static constexpr std::array kColors = {0, 1, 2, 4};
    const Theme &theme = Theme::instance();
    const double full = theme.kind() == ThemeKind::HighContrast ? kStrongTint : kTint;
    const double tint = place % 2 == 0 ? full : full / 2;
    return mixed(theme.runColor(kColors[place % kColors.size()]), theme.tokens().surface, tint);
}

QString bytesText(const std::string &bytes)
{
    return QString::fromLatin1(QByteArray::fromStdString(bytes).toHex(' '));
}

} // namespace

TokensPane::TokensPane(EngineSession &session, QWidget *parent)
    : QWidget(parent), m_session(session), m_timer(new QTimer(this)),
      m_summary(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_caret(new ToneLabel(QString(), Tone::Secondary, TypeSize::Small, this)),
      m_view(new QPlainTextEdit(this))
{
    setObjectName(u"tokensPane"_s);
    m_timer->setSingleShot(true);
    m_timer->setInterval(kPauseMs);
    connect(m_timer, &QTimer::timeout, this, &TokensPane::ask);
    m_summary->setObjectName(u"tokensSummary"_s);
    m_summary->setWordWrap(true);
    m_view->setObjectName(u"tokensText"_s);
    m_view->setAccessibleName(tr("Tokens of the text"));
    m_view->setReadOnly(true);
    m_view->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_view->setUndoRedoEnabled(false);
    m_view->setTabChangesFocus(true);
    m_view->viewport()->installEventFilter(this); // its own hovers are of the character before the pointer
    connect(m_view, &QPlainTextEdit::cursorPositionChanged, this, &TokensPane::showCaret);
    m_caret->setObjectName(u"tokensCaret"_s);
    m_caret->setWordWrap(true);
    m_caret->hide();
    connect(&session, &EngineSession::connectionChanged, this, [this] {
        if (m_session.connectionState() != ConnectionState::Connected) return;
        m_asked.reset(); // what was on its way is lost, and another engine may cut differently
        if (isVisible()) ask();
    });
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_summary);
    layout->addWidget(m_view);
    layout->addWidget(m_caret);
    const auto fit = [this] {
        m_view->setFont(typeFont(TypeSize::Mono));
        m_view->setFixedHeight(kLines * QFontMetrics(m_view->font()).lineSpacing() + space::kTwo);
        showPieces();
        if (m_isWaiting) showWaiting();
    };
    connect(&Theme::instance(), &Theme::changed, this, fit);
    fit();
    showSummary(tr("No text yet."));
}

void TokensPane::setInput(const QString &model, const QString &text)
{
    m_model = model;
    m_text = text.toUtf8();
    if (isVisible()) m_timer->start();
}

void TokensPane::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    ask();
}

void TokensPane::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_timer->stop();
    if (!m_isWaiting) return;
    m_request.reset(); // nobody looks; it is asked again when somebody does
    m_asked.reset();
    m_isWaiting = false;
    ++m_number;
}

void TokensPane::ask()
{
    const auto wanted = std::pair(m_model, m_text);
    if (m_asked == wanted) return;
    m_request.reset();
    m_asked = wanted;
    m_isWaiting = false;
    const int number = ++m_number; // an answer that is on its way already is to an older question
    const bool isTooLong = m_text.size() > kMaxShownTokenBytes;
    if (m_model.isEmpty() || m_text.isEmpty() || isTooLong) {
        m_pieces.clear();
        showPieces();
        return showSummary(m_model.isEmpty() ? tr("Choose a model to see its tokens.")
                           : m_text.isEmpty()
                               ? tr("No text yet.")
                               : tr("The text has %1 bytes; tokens are shown of at most %2.")
                                     .arg(integerText(m_text.size()), integerText(kMaxShownTokenBytes)));
    }
    m_isWaiting = true;
    showWaiting();
    m_request = m_session.tokenize(m_model, m_text, this,
                                   [this, number](const Result<std::vector<TokenPiece>> &answer) {
                                       if (number == m_number) takeAnswer(answer);
                                   });
}

void TokensPane::takeAnswer(const Result<std::vector<TokenPiece>> &answer)
{
    m_isWaiting = false;
    m_pieces = answer.ok() ? *answer : std::vector<TokenPiece>();
    showPieces();
    if (answer.ok()) return;
    m_asked.reset(); // it may work another time
    showSummary(fromStd(answer.error().message), true);
}

void TokensPane::showWaiting()
{
    showSummary(tr("Reading…"));
    QTextEdit::ExtraSelection old;
    old.cursor = QTextCursor(m_view->document());
    old.cursor.select(QTextCursor::Document);
    old.format.setForeground(Theme::instance().tokens().secondary);
    old.format.setBackground(Theme::instance().tokens().surface);
    m_view->setExtraSelections({old});
}

void TokensPane::showPieces()
{
    m_view->setExtraSelections({});
    const QSignalBlocker blocker(m_view); // the caret moves, but no person moved it
    m_view->clear();
    m_caret->hide();
    m_ends.clear();
    QTextCursor cursor(m_view->document());
    cursor.beginEditBlock();
    const size_t numShown = std::min(m_pieces.size(), kMaxShownTokens);
    for (size_t i = 0; i < numShown; ++i) {
        const TokenPiece &piece = m_pieces[i];
        QTextCharFormat format;
        format.setBackground(groundOf(i));
        format.setForeground(Theme::instance().tokens().text);
        cursor.insertText(visibleTokenText(piece.bytes, piece.id), format);
        if (!piece.bytes.empty() && piece.bytes.back() == '\n') cursor.insertText(u"\n"_s, QTextCharFormat());
        m_ends.push_back(cursor.position());
    }
    cursor.endEditBlock();
    m_view->moveCursor(QTextCursor::Start);
    if (m_pieces.empty()) return;
    size_t numBytes = 0;
    for (const TokenPiece &piece : m_pieces) numBytes += piece.bytes.size();
    const double perToken = static_cast<double>(numBytes) / static_cast<double>(m_pieces.size());
    QString summary = tr("%1  ·  %2  ·  %3 bytes/token")
                          .arg(counted(std::ssize(m_pieces), tr("1 token"), tr("%1 tokens")),
                               counted(static_cast<qint64>(numBytes), tr("1 byte"), tr("%1 bytes")),
                               significantText(perToken, 3));
    if (numShown < m_pieces.size())
        summary += tr("  ·  the first %1 are shown").arg(integerText(static_cast<qint64>(numShown)));
    showSummary(summary);
}

std::optional<size_t> TokensPane::pieceAt(const QPoint &place) const
{
    // The nearest place between two characters may lie on either side of the one under the pointer.
    const int nearest = m_view->cursorForPosition(place).position();
    const QString text = m_view->toPlainText();
    for (int at = std::max(0, nearest - 1); at <= nearest && at < text.size(); ++at) {
        if (text[at] == u'\n') continue;
        QTextCursor cursor(m_view->document());
        cursor.setPosition(at);
        const QRect left = m_view->cursorRect(cursor);
        cursor.setPosition(at + 1);
        const QRect right = m_view->cursorRect(cursor);
        const bool isLastOfLine = right.top() != left.top();
        const int end =
            isLastOfLine ? left.left() + m_view->fontMetrics().horizontalAdvance(text[at]) : right.left();
        if (place.y() < left.top() || place.y() > left.bottom()) continue;
        if (place.x() < left.left() || place.x() >= end) continue;
        const auto piece = std::upper_bound(m_ends.begin(), m_ends.end(), at);
        if (piece != m_ends.end()) return static_cast<size_t>(piece - m_ends.begin());
    }
    return std::nullopt;
}

QString TokensPane::pieceText(size_t piece) const
{
    return tr("Token %1: id %2, bytes %3")
        .arg(integerText(static_cast<qint64>(piece)))
        .arg(m_pieces[piece].id)
        .arg(bytesText(m_pieces[piece].bytes));
}

bool TokensPane::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != m_view->viewport() || event->type() != QEvent::ToolTip)
        return QWidget::eventFilter(watched, event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const std::optional<size_t> piece = pieceAt(help->pos());
    if (piece)
        QToolTip::showText(help->globalPos(), plainToolTip(pieceText(*piece)), m_view->viewport());
    else
        QToolTip::hideText();
    event->accept(); // the editor would say its own
    return true;
}

void TokensPane::showCaret()
{
    const auto piece = std::upper_bound(m_ends.begin(), m_ends.end(), m_view->textCursor().position());
    m_caret->setVisible(piece != m_ends.end());
    if (piece != m_ends.end()) m_caret->setText(pieceText(static_cast<size_t>(piece - m_ends.begin())));
}

void TokensPane::showSummary(const QString &text, bool isProblem)
{
    m_summary->setTone(isProblem ? Tone::Error : Tone::Secondary);
    m_summary->setText(text);
    m_view->setAccessibleDescription(text);
}

} // namespace orrery::ui
