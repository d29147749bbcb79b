# Settings of seconds for the tests, and the bits per character that these must reach: less than by counting pairs, 3.52.
set(small_charlm --bytes 20000 --embedding 8 --hidden 32 --streams 4 --steps 16 --epochs 8 --generate 80 --goal 3.5)
set(small_gpt --bytes 20000 --width 32 --heads 2 --layers 1 --context 16 --batch 4 --steps 600 --generate 80 --goal 3.5)
