"""Where a text may be cut: abbreviations that end in a full stop, words that may begin a new clause."""

from __future__ import annotations

from bot.intake.lexicon import table

# A full stop after one of these does not end a sentence.
ABBREVIATIONS = table("""
грн тис млн млрд коп руб вул ул буд кв корп обл просп пл м с г р рр пп п пункт ст стор стр див напр наприкл т д е ін
інш ім тел моб дод вн факс тов ред рис мал табл гл зам нач дир бух гол ген заг заст інж менедж шт кг гр л мл см мм км
год хв сек хвил пн вт ср чт пт сб нд січ лют бер квіт трав черв лип серп вер жовт лист груд янв фев апр авг сен окт
ноя дек нояб дз дзв вх вих від док накл пров рах реєстр расч розрах вкл викл макс мін max min no nr inc ltd co mr mrs
ms dr st vs eg ie etc approx tel ext dept fig пан п-н др проф акад о а-ль юр фіз прим фоп тзов пат ат зп зар осн н кор
відп звільн нарах прод опт розн пос екз стаж проц
""")

# Words that may begin a new clause although no punctuation stands before them (chat, dictation).
CLAUSE_OPENERS = table("""
і й та а и ще ше еще також также тоже теж плюс але но бо потім потом далі дальше заодно паралельно кстати чого чому чо
почему як как де где коли когда чи можна можно хто кто скільки сколько треба надо нада хочу хочемо хай нехай зробіть
скажіть підкажіть подскажите другое друге питання вопрос and also but plus btw can could how why please
""") | {"до речі", "кроме того", "крім того"}
