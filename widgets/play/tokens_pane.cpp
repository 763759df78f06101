// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/tokens_pane.h"

#include "widgets/common/counted.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/contrast.h"
#include "widgets/theme/theme.h"

#include <QPlainTextEdit>
#include <QTextBlock>
#include <QTimer>
#include <QVBoxLayout>

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
    m_view->setUndoRedoEnabled(false);
    m_view->setTabChangesFocus(true);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kHalf);
    layout->addWidget(m_summary);
    layout->addWidget(m_view);
    const auto fit = [this] {
        m_view->setFont(typeFont(TypeSize::Mono));
        m_view->setFixedHeight(kLines * QFontMetrics(m_view->font()).lineSpacing() + space::kTwo);
        showPieces();
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
}

void TokensPane::ask()
{
    const auto wanted = std::pair(m_model, m_text);
    if (m_asked == wanted) return;
    m_request.reset();
    m_asked = wanted;
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
    m_request = m_session.tokenize(m_model, m_text, this,
                                   [this, number](const Result<std::vector<TokenPiece>> &answer) {
                                       if (number != m_number) return;
                                       m_pieces = answer.ok() ? *answer : std::vector<TokenPiece>();
                                       showPieces();
                                       if (answer.ok()) return;
                                       m_asked.reset(); // it may work another time
                                       showSummary(fromStd(answer.error().message), true);
                                   });
}

void TokensPane::showPieces()
{
    m_view->clear();
    QTextCursor cursor(m_view->document());
    cursor.beginEditBlock();
    size_t numBytes = 0;
    for (size_t i = 0; i < m_pieces.size(); ++i) {
        const TokenPiece &piece = m_pieces[i];
        numBytes += piece.bytes.size();
        QTextCharFormat format;
        format.setBackground(groundOf(i));
        format.setForeground(Theme::instance().tokens().text);
        format.setToolTip(tr("Token %1: id %2, bytes %3")
                              .arg(integerText(static_cast<qint64>(i)))
                              .arg(piece.id)
                              .arg(bytesText(piece.bytes)));
        cursor.insertText(visibleTokenText(piece.bytes, piece.id), format);
        if (!piece.bytes.empty() && piece.bytes.back() == '\n') cursor.insertText(u"\n"_s, QTextCharFormat());
    }
    cursor.endEditBlock();
    m_view->moveCursor(QTextCursor::Start);
    if (m_pieces.empty()) return;
    const double perToken = static_cast<double>(numBytes) / static_cast<double>(m_pieces.size());
    showSummary(tr("%1  ·  %2  ·  %3 bytes/token")
                    .arg(counted(std::ssize(m_pieces), tr("1 token"), tr("%1 tokens")),
                         counted(static_cast<qint64>(numBytes), tr("1 byte"), tr("%1 bytes")),
                         significantText(perToken, 3)));
}

void TokensPane::showSummary(const QString &text, bool isProblem)
{
    m_summary->setTone(isProblem ? Tone::Error : Tone::Secondary);
    m_summary->setText(text);
    m_view->setAccessibleDescription(text);
}

} // namespace orrery::ui
