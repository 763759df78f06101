// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/attention/prompt_bar.h"

#include "widgets/common/elided_combo_box.h"
#include "widgets/common/number_text.h"
#include "widgets/common/panel_frame.h"
#include "widgets/theme/theme.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QToolButton>

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace orrery::ui {
namespace {

QString oneLine(QString text)
{
    constexpr qsizetype kMaxLength = 48;
    text.replace(u'\n', u'↵').replace(u'\t', u'⇥');
    return text.size() > kMaxLength ? text.left(kMaxLength - 1) + u'…' : text;
}

} // namespace

PromptBar::PromptBar(QWidget *parent)
    : QWidget(parent), m_prompts(new ElidedComboBox(this)), m_models(new ElidedComboBox(this)),
      m_text(new QLineEdit(this)), m_ask(new QPushButton(this)),
      m_keep(makeIconButton(u"plus"_s, tr("Keep steps of this text while the run trains"), this))
{
    setObjectName(u"promptBar"_s);
    m_prompts->setObjectName(u"promptChoice"_s);
    m_prompts->setAccessibleName(tr("Text that the model reads"));
    m_models->setObjectName(u"weightsChoice"_s);
    m_models->setAccessibleName(tr("Weights that are asked"));
    connect(m_models, &QComboBox::currentIndexChanged, this, &PromptBar::modelChosen);
    m_models->setToolTip(
        tr("Whose attention is computed: the weights of the running training, or a saved step"));
    m_text->setObjectName(u"ownText"_s);
    m_text->setAccessibleName(tr("Own text"));
    m_text->setPlaceholderText(tr("Text for the model to read; Enter asks"));
    m_text->setMaxLength(kMaxOwnText);
    m_ask->setObjectName(u"askModel"_s);
    m_keep->setObjectName(u"keepText"_s);
    m_keep->hide();
    for (QComboBox *box : {m_prompts, m_models}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(8);
    }
    m_models->setMinimumContentsLength(16); // "saved step 8,000, best"
    m_prompts->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_prompts->setMaximumWidth(420);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kOne);
    layout->addWidget(m_prompts, 2);
    layout->addWidget(m_text, 3);
    layout->addWidget(m_keep);
    layout->addStretch(1);
    layout->addWidget(m_models);
    layout->addWidget(m_ask);
    connect(m_prompts, &QComboBox::activated, this, [this] {
        m_isOwnChosen = prompt() < 0;
        refresh();
        if (prompt() == kOwnText) m_text->setFocus();
        Q_EMIT promptChosen(prompt());
    });
    connect(m_text, &QLineEdit::textChanged, this, &PromptBar::refresh);
    connect(m_text, &QLineEdit::inputRejected, this, &PromptBar::ownTextCut);
    connect(m_text, &QLineEdit::returnPressed, this, [this] {
        if (m_ask->isEnabled() && !m_isAsking) Q_EMIT askRequested();
    });
    connect(m_ask, &QPushButton::clicked, this, [this] {
        if (m_isAsking)
            Q_EMIT cancelRequested();
        else
            Q_EMIT askRequested();
    });
    connect(m_keep, &QToolButton::clicked, this, &PromptBar::keepRequested);
    setPrompts({});
}

void PromptBar::setLivePrompts(const QStringList &texts, int numFrozen)
{
    if (m_hasDocuments) return;
    QStringList known = m_texts;
    for (qsizetype i = 0; i < std::min<qsizetype>({known.size(), texts.size(), numFrozen}); ++i) known[i] = texts[i];
    const QStringList added = texts.mid(numFrozen);
    if (known == m_texts && added == m_added && numFrozen == m_numFrozen) return;
    m_added = added;
    m_numFrozen = numFrozen;
    fillPrompts(known);
}

void PromptBar::setKeep(bool isOffered, const QString &whyNot)
{
    m_keep->setVisible(isOffered);
    m_keep->setEnabled(whyNot.isEmpty());
    m_keep->setToolTip(whyNot.isEmpty() ? tr("Keep steps of this text, too, while the run trains (K)")
                                        : tr("Keep steps of this text while the run trains: %1").arg(whyNot));
}

void PromptBar::setPrompts(const QStringList &texts)
{
    if (texts == m_texts && m_prompts->count() > 0) return;
    fillPrompts(texts);
}

void PromptBar::forgetPrompts()
{
    m_isValidationKept = m_isOwnChosen = m_hasDocuments = m_hasText = false;
    m_documents.clear();
    m_added.clear();
    m_validationText.clear();
    m_selectedTitle.clear();
    fillPrompts({});
}

void PromptBar::setValidationKept(bool isKept)
{
    if (std::exchange(m_isValidationKept, isKept) == isKept) return;
    if (!isKept) m_validationText.clear();
    fillPrompts(QStringList(m_texts));
}

void PromptBar::setValidationText(const QString &text)
{
    if (std::exchange(m_validationText, text) != text) refresh();
}

void PromptBar::setDocuments()
{
    if (!std::exchange(m_hasDocuments, true)) fillPrompts(QStringList(m_texts));
}

void PromptBar::setDocument(int prompt, const QString &text)
{
    if (prompt < 0 || prompt >= m_texts.size()) return;
    if (std::exchange(m_hasDocuments, true) && m_documents.value(prompt) == text) return;
    m_documents[prompt] = text;
    fillPrompts(QStringList(m_texts));
}

QString PromptBar::promptText(int prompt) const
{
    const int added = prompt - m_numFrozen - 1;
    if (added >= 0 && added < m_added.size()) return m_added[added];
    return prompt >= 0 && prompt < m_texts.size() ? m_texts[prompt] : QString();
}

QString PromptBar::entryText(int prompt) const
{
    if (!m_hasDocuments) return tr("Prompt %1: %2").arg(prompt).arg(oneLine(promptText(prompt)));
    const QString text = oneLine(m_documents.value(prompt));
    return text.isEmpty() ? tr("Document %1").arg(prompt) : tr("Document %1: %2").arg(prompt).arg(text);
}

void PromptBar::setSelectedText(const QString &title, const QString &text)
{
    m_selectedText = text;
    if (std::exchange(m_selectedTitle, title) != title) fillPrompts(QStringList(m_texts));
    if (!title.isEmpty()) setPrompt(kSelectedText);
}

void PromptBar::setOwnText(const QString &text)
{
    m_text->setText(text);
    setPrompt(kOwnText);
}

void PromptBar::setModel(const QString &model)
{
    if (const int index = m_models->findData(model); index >= 0) m_models->setCurrentIndex(index);
    refresh();
}

void PromptBar::setHasText(bool hasText)
{
    if (std::exchange(m_hasText, hasText) != hasText) refresh();
}

bool PromptBar::canAsk() const
{
    const bool hasText = prompt() == kOwnText ? !text().isEmpty() : m_hasText;
    return !model().isEmpty() && hasText;
}

QString PromptBar::title() const
{
    const int index = prompt();
    if (index == kSelectedText) return m_selectedTitle;
    if (index == kOwnText) return tr("Own text");
    if (m_isValidationKept && index == validationPrompt()) return tr("Validation text");
    return m_hasDocuments ? tr("Document %1").arg(index) : tr("Probe prompt %1").arg(index);
}

void PromptBar::fillPrompts(const QStringList &texts)
{
    const int before = prompt();
    const QSignalBlocker blocker(m_prompts);
    m_texts = texts;
    m_prompts->clear();
    if (!m_selectedTitle.isEmpty())
        m_prompts->addItem(tr("Selected: %1").arg(oneLine(m_selectedTitle)), kSelectedText);
    if (m_isValidationKept) m_prompts->addItem(tr("Validation text"), validationPrompt());
    for (qsizetype i = 0; i < texts.size(); ++i) m_prompts->addItem(entryText(int(i)), int(i));
    for (int i = 0; !m_hasDocuments && i < m_added.size(); ++i)
        m_prompts->addItem(entryText(m_numFrozen + 1 + i), m_numFrozen + 1 + i);
    m_prompts->addItem(tr("Own text…"), kOwnText);
    const int again = m_prompts->findData(before);
    const int first = m_selectedTitle.isEmpty() ? 0 : 1; // of the run
    const bool isNoChoice = before == kOwnText && !texts.isEmpty() && !m_isOwnChosen;
    m_prompts->setCurrentIndex(isNoChoice || again < 0 ? first : again);
    refresh();
}

void PromptBar::setModels(const QString &run, bool isLive, const std::vector<CheckpointInfo> &checkpoints)
{
    const QString before = model();
    QList<std::pair<QString, QString>> models;
    if (isLive) models.append({tr("live weights"), run + u"@live"_s});
    for (auto one = checkpoints.rbegin(); one != checkpoints.rend(); ++one)
        models.append({one->isBest ? tr("saved step %1, best").arg(integerText(one->step))
                                   : tr("saved step %1").arg(integerText(one->step)),
                       run + u'@' + QString::number(one->step)});
    const QSignalBlocker blocker(m_models);
    m_models->clear();
    for (const auto &[text, id] : models) m_models->addItem(text, id);
    m_models->setCurrentIndex(std::max(0, m_models->findData(before)));
    refresh();
}

int PromptBar::prompt() const
{
    return m_prompts->count() == 0 ? kOwnText : m_prompts->currentData().toInt();
}

void PromptBar::setPrompt(int prompt)
{
    m_isOwnChosen = prompt < 0;
    if (const int index = m_prompts->findData(prompt); index >= 0) m_prompts->setCurrentIndex(index);
    refresh();
}

QString PromptBar::text() const
{
    const int index = prompt();
    if (index == kSelectedText) return m_selectedText;
    if (m_isValidationKept && index == validationPrompt()) return m_validationText;
    if (index < 0) return m_text->text();
    return m_hasDocuments ? m_documents.value(index) : promptText(index);
}

QString PromptBar::model() const { return m_models->currentData().toString(); }

void PromptBar::setAsking(bool isAsking)
{
    m_isAsking = isAsking;
    refresh();
}

void PromptBar::refresh()
{
    m_text->setVisible(prompt() == kOwnText);
    m_prompts->setToolTip(
        m_hasDocuments
            ? tr("A document of the run's validation data with its pictures and recordings, kept while it "
                 "trains, or an own text")
            : tr("A probe prompt of the run, kept while it trains, or an own text"));
    m_models->setVisible(m_models->count() > 0);
    m_ask->setText(m_isAsking ? tr("Cancel") : tr("Ask the model now"));
    m_ask->setEnabled(m_isAsking || canAsk());
    QString why = tr("Computes the exact attention of these weights, token by token");
    if (model().isEmpty())
        why = tr("There are no weights to ask yet: the run does not train and has no saved step");
    else if (!canAsk() && prompt() != kOwnText)
        why = tr("This text is not known before a step of it was kept");
    else if (!canAsk())
        why = tr("Type a text for the model to read");
    m_ask->setToolTip(why);
}

} // namespace orrery::ui
