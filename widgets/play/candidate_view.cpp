// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/play/candidate_view.h"

#include "widgets/common/engine_command.h"
#include "widgets/common/key_value_grid.h"
#include "widgets/common/number_text.h"
#include "widgets/common/tone_label.h"
#include "widgets/play/candidate_delegate.h"
#include "widgets/play/candidate_model.h"
#include "widgets/play/token_view.h"
#include "widgets/theme/theme.h"

#include <QKeyEvent>
#include <QListView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

/// Goes where there is no room for it: it pushes no rows away.
class Hint : public ToneLabel {
public:
    explicit Hint(QWidget *parent) : ToneLabel(QString(), Tone::Secondary, TypeSize::Small, parent)
    {
        setObjectName(u"candidateHint"_s);
        setWordWrap(true);
    }
    [[nodiscard]] QSize minimumSizeHint() const override { return {80, 0}; }
};

constexpr int kMinRows = 4; ///< of the list, before the hint has its place

} // namespace

CandidateView::CandidateView(QWidget *parent)
    : PanelFrame(tr("Candidates"), parent), m_model(new CandidateModel(this)), m_view(new QListView(this)),
      m_numbers(new KeyValueGrid(this)), m_header(new CandidateHeader(*m_view, this)), m_hint(new Hint(this))
{
    setObjectName(u"candidateView"_s);
    m_lookInside = addTitleButton(u"search"_s, tr("Look inside (Ctrl+I)"));
    m_lookInside->setObjectName(u"lookInside"_s);
    m_lookInside->setToolTip(
        tr("Look inside (Ctrl+I): attention and memory reads of this token, in the Inspect layout"));
    connect(m_lookInside, &QToolButton::clicked, this, &CandidateView::lookInsideRequested);
    QToolButton *copyButton = addTitleButton(u"copy"_s, tr("Copy the candidates"));
    connect(copyButton, &QToolButton::clicked, this, &CandidateView::copy);
    m_view->setModel(m_model);
    m_view->setItemDelegate(new CandidateDelegate(m_view));
    m_view->setObjectName(u"candidateList"_s);
    m_view->setAccessibleName(tr("Most probable tokens"));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setUniformItemSizes(true);
    m_view->installEventFilter(this);
    connect(m_view, &QListView::clicked, this, &CandidateView::choose);
    m_view->setMinimumHeight(2 * candidateRowHeight());
    auto *content = new QWidget(this);
    content->installEventFilter(this);
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_numbers);
    auto *table = new QVBoxLayout;
    table->setSpacing(0);
    table->addWidget(m_header);
    table->addWidget(m_view, 1);
    layout->addLayout(table, 1);
    layout->addWidget(m_hint);
    setContent(content);
    connect(&Theme::instance(), &Theme::changed, m_view, [this] { m_view->viewport()->update(); });
    showToken(-1, std::nullopt, false);
}

void CandidateView::showToken(int index, const std::optional<GeneratedToken> &token, bool isLocked)
{
    m_isProposal = false;
    m_isLocked = isLocked;
    m_model->setToken(token);
    setTitle(token ? tr("Candidates at token %1").arg(integerText(index)) : tr("Candidates"));
    showNumbers(token, false);
}

void CandidateView::showProposal(int index, const std::optional<GeneratedToken> &proposal)
{
    m_isProposal = true;
    m_isLocked = false;
    if (proposal)
        m_model->setProposal(*proposal);
    else
        m_model->setToken(std::nullopt);
    setTitle(tr("Choose token %1").arg(integerText(index)));
    showNumbers(proposal, true);
    if (proposal) m_view->setCurrentIndex(m_model->index(0));
}

void CandidateView::showNumbers(const std::optional<GeneratedToken> &token, bool isProposal)
{
    m_hasToken = token.has_value();
    const bool isTaken = token && !isProposal;
    m_numbers->setValue(tr("Token"), isTaken ? visibleTokenText(token->bytes, token->id) : unknownText(),
                        isTaken ? tr("Id %1").arg(token->id) : QString());
    m_numbers->setValue(tr("Probability"), isTaken ? probabilityText(token->probability) : unknownText(),
                        tr("Softmax at temperature 1, before penalty and cuts"));
    m_numbers->setValue(tr("Entropy"),
                        token ? tr("%1 nats").arg(significantText(token->entropy, 3)) : unknownText(),
                        tr("How open the choice was: 0 is certain"));
    m_lookInside->setEnabled(isTaken);
    m_header->setVisible(m_model->hasChances());
    showHint();
}

void CandidateView::setBranchable(bool isBranchable)
{
    m_isBranchable = isBranchable;
    showHint();
}

void CandidateView::showHint()
{
    QStringList says;
    if (m_isProposal)
        says << (m_hasToken ? tr("Click, Enter or 1 … 9 takes a token. Backspace takes the last one back, "
                                 "Shift+Enter lets the model go on, Esc ends.")
                            : tr("Asking the model what is likely next …"));
    else if (!m_hasToken)
        says << tr("Point at a token, or move through them with the arrow keys. A click locks it.");
    else if (m_isLocked && m_isBranchable)
        says << tr("Locked. Choose a candidate to branch: the answer goes on with it in a new version. "
                   "Esc follows the pointer.");
    else if (m_isLocked)
        says << tr("Locked. Click it again or press Esc to follow the pointer.");
    if (m_hasToken && !m_isProposal)
        says << (m_model->hasChances()
                     ? tr("Upper bar: probability as the model sees it; lower bar: chance to be drawn, "
                          "after the sampling settings (penalty, temperature, cuts). Both 0 … 1, linear.")
                     : tr("Bars: probability from 0 to 1, linear; in blue the token that was taken."));
    if (const int numCut = m_model->numCut(); numCut > 0)
        says << (numCut == 1 ? tr("One of these %1 was cut.").arg(m_model->rowCount())
                             : tr("%1 of these %2 were cut.").arg(numCut).arg(m_model->rowCount()));
    m_hint->setText(says.join(u' '));
    m_view->setAccessibleDescription(m_hint->text());
    fitHint();
}

void CandidateView::fitHint()
{
    const int rows = std::min(m_model->rowCount(), kMinRows) * candidateRowHeight();
    const int header = m_header->isHidden() ? 0 : m_header->sizeHint().height();
    const int room = content()->height() - m_numbers->sizeHint().height() - header - rows -
                     2 * content()->layout()->spacing();
    const bool hasRoom = room >= m_hint->heightForWidth(content()->width());
    m_hint->setMaximumHeight(hasRoom ? QWIDGETSIZE_MAX : 0);
    setToolTip(hasRoom ? QString() : m_hint->text());
}

void CandidateView::focusList()
{
    m_view->setFocus(Qt::OtherFocusReason);
    if (!m_view->currentIndex().isValid() && m_model->rowCount() > 0)
        m_view->setCurrentIndex(m_model->index(0));
}

void CandidateView::choose(const QModelIndex &index)
{
    if (!index.isValid() || !m_isBranchable || (!m_isProposal && !m_isLocked)) return;
    const TokenAlternative candidate = m_model->alternative(index.row()); // the rows may go meanwhile
    Q_EMIT chosen(candidate, index.data(CandidateModel::IsTakenRole).toBool());
}

bool CandidateView::proposalKey(int key, Qt::KeyboardModifiers modifiers)
{
    if (key == Qt::Key_Backspace && modifiers == Qt::NoModifier) {
        Q_EMIT takeBackRequested();
        return true;
    }
    if ((key == Qt::Key_Return || key == Qt::Key_Enter) && modifiers == Qt::ShiftModifier) {
        Q_EMIT goOnRequested();
        return true;
    }
    if (key < Qt::Key_1 || key > Qt::Key_9 || (modifiers & ~Qt::KeypadModifier) != Qt::NoModifier)
        return false;
    choose(m_model->index(key - Qt::Key_1));
    return true;
}

bool CandidateView::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == content() && event->type() == QEvent::Resize) fitHint();
    if (watched != m_view || event->type() != QEvent::KeyPress)
        return PanelFrame::eventFilter(watched, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    const bool isEnter = key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter;
    if (isEnter && (key->modifiers() & ~Qt::KeypadModifier) == Qt::NoModifier) {
        choose(m_view->currentIndex());
        return true;
    }
    if (m_isProposal && proposalKey(key->key(), key->modifiers())) return true;
    return PanelFrame::eventFilter(watched, event);
}

void CandidateView::copy()
{
    QString text =
        (m_model->hasChances() ? tr("token\tprobability\tchance") : tr("token\tprobability")) + u'\n';
    const auto number = [](const QVariant &value) { return QString::number(value.toDouble(), 'g', 8); };
    for (int row = 0; row < m_model->rowCount(); ++row) {
        const QModelIndex index = m_model->index(row);
        text += index.data().toString() + u'\t' + number(index.data(CandidateModel::ProbabilityRole));
        if (m_model->hasChances()) text += u'\t' + number(index.data(CandidateModel::ChanceRole));
        text += u'\n';
    }
    copyToClipboard(text);
}

} // namespace orrery::ui
